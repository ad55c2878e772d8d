#!/bin/sh
# A real Dovecot of our own on loopback, for tests and benchmarks; it works
# as root and as a plain user.
#
#   dovecot.sh start DIR [USER...]   make DIR, start; users default to "u"
#   dovecot.sh fill DIR USER MAILDIR copy the mails of a Maildir into the
#                                    user's INBOX (before somebody opened it)
#   dovecot.sh stop DIR              stop; DIR stays for the caller to remove
#
# `start` leaves DIR/env to be read by the shell:
#   IMAPS_PORT IMAP_PORT POP3S_PORT POP3_PORT   IMAP and POP3 offer STARTTLS
#   CA_FILE PASSWORD_FILE                       all users have one password
# The certificate is for localhost and 127.0.0.1. Mail of USER is in
# DIR/mail/USER (Maildir). Exit code 77: no Dovecot or no openssl here.
umask 022
PATH=$PATH:/usr/sbin:/usr/local/sbin
fail() {
	echo "dovecot.sh: $*" >&2
	exit 1
}

certificates() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=test CA" \
	    -keyout "$dir/ca.key" -out "$dir/ca.pem" >"$dir/openssl.log" 2>&1 &&
	openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" \
	    -keyout "$dir/server.key" -out "$dir/server.csr" >>"$dir/openssl.log" 2>&1 &&
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' \
	    >"$dir/server.ext" &&
	openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
	    -set_serial $$ -days 30 -extfile "$dir/server.ext" -out "$dir/server.pem" \
	    >>"$dir/openssl.log" 2>&1 || fail "openssl failed, see $dir/openssl.log"
}

# configuration FIRST-PORT
configuration() {
	cat <<END
base_dir = $run
state_dir = $dir/state
log_path = $dir/dovecot.log
protocols = $protocols
listen = 127.0.0.1
ssl = yes
ssl_cert = <$dir/server.pem
ssl_key = <$dir/server.key
auth_mechanisms = plain login
mail_location = maildir:$dir/mail/%u
mail_max_userip_connections = 100
default_login_user = $login_user
default_internal_user = $internal_user
default_internal_group = $internal_group
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = passwd-file
  args = $dir/passwd
}
userdb {
  driver = static
  args = uid=$mail_user gid=$mail_group home=$dir/home/%u allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $1
  }
  inet_listener imaps {
    port = $(($1 + 1))
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
END
	[ "$protocols" = imap ] || cat <<END
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = $(($1 + 2))
  }
  inet_listener pop3s {
    port = $(($1 + 3))
    ssl = yes
  }
}
END
}

start() {
	dir=$1
	shift
	[ $# -gt 0 ] || set -- u
	command -v dovecot >/dev/null && command -v openssl >/dev/null || {
		echo "dovecot.sh: dovecot or openssl is not installed" >&2
		exit 77
	}
	# POP3 is a package of its own
	protocols=imap
	for p in /usr/lib/dovecot/pop3 /usr/local/lib/dovecot/pop3 /usr/libexec/dovecot/pop3; do
		[ ! -x "$p" ] || protocols='imap pop3'
	done
	mkdir -p "$dir" || exit 1
	dir=$(cd "$dir" && pwd -P)
	chmod 711 "$dir"
	mkdir -p "$dir/state" "$dir/mail" "$dir/home"
	# Sockets have short names: 108 bytes at most.
	run=$(mktemp -d /tmp/dovecot.XXXXXX) || exit 1
	chmod 755 "$run"
	echo "$run" >"$dir/run"
	if [ "$(id -u)" -eq 0 ]; then
		login_user=dovenull internal_user=dovecot internal_group=dovecot
		mail_user=nobody mail_group=$(id -gn nobody)
	else
		login_user=$(id -un) internal_user=$login_user internal_group=$(id -gn)
		mail_user=$login_user mail_group=$internal_group
	fi
	echo "$mail_user:$mail_group" >"$dir/owner"
	password=$(openssl rand -hex 12)
	(umask 077 && echo "$password" >"$dir/password")
	: >"$dir/passwd"
	for user; do
		echo "$user:{PLAIN}$password::::::" >>"$dir/passwd"
		mkdir -p "$dir/mail/$user/cur" "$dir/mail/$user/new" "$dir/mail/$user/tmp" \
		    "$dir/home/$user"
	done
	if [ "$(id -u)" -eq 0 ]; then
		chown -R "$mail_user:$mail_group" "$dir/mail" "$dir/home"
	fi
	certificates
	# A taken port shows as a failure in the log: take the next four.
	port=$((20000 + ($$ * 4) % 10000))
	for try in 1 2 3 4 5 6 7 8; do
		configuration $port >"$dir/dovecot.conf"
		: >"$dir/dovecot.log"
		if dovecot -c "$dir/dovecot.conf" 2>>"$dir/start.log"; then
			break
		fi
		[ "$try" -lt 8 ] || fail "Dovecot does not start: $(tail -n 1 "$dir/start.log")"
		port=$((port + 4 * try))
	done
	cat >"$dir/env" <<END
IMAP_PORT=$port
IMAPS_PORT=$((port + 1))
POP3_PORT=$((port + 2))
POP3S_PORT=$((port + 3))
CA_FILE='$dir/ca.pem'
PASSWORD_FILE='$dir/password'
END
}

fill() {
	dir=$1 user=$2 from=$3
	[ -d "$dir/mail/$user/new" ] || fail "no such user: $user"
	find "$from/new" "$from/cur" -type f -exec cp -p -t "$dir/mail/$user/new" {} + ||
	    fail "cannot copy from $from"
	if [ "$(id -u)" -eq 0 ]; then
		chown -R "$(cat "$dir/owner")" "$dir/mail/$user"
	fi
}

stop() {
	dir=$1
	run=$(cat "$dir/run" 2>/dev/null) || return 0
	doveadm -c "$dir/dovecot.conf" stop 2>/dev/null
	# It is gone when the master has removed its pid file.
	i=0
	while [ -e "$run/master.pid" ] && [ $i -lt 100 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	case $run in
	/tmp/dovecot.*)
		rm -rf "$run"
		;;
	esac
	rm -f "$dir/run"
}

case $1 in
start)
	[ $# -ge 2 ] || fail "usage: dovecot.sh start DIR [USER...]"
	shift
	start "$@"
	;;
fill)
	[ $# -eq 4 ] || fail "usage: dovecot.sh fill DIR USER MAILDIR"
	fill "$2" "$3" "$4"
	;;
stop)
	[ $# -eq 2 ] || fail "usage: dovecot.sh stop DIR"
	stop "$2"
	;;
*)
	fail "usage: dovecot.sh start|fill|stop DIR ..."
	;;
esac
