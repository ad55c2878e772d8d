/*
 * stream.c - see stream.h.
 *
 * One rule above all: reading never returns 0. libetpan takes 0 for "try
 * again" and would spin for ever on a server that closes inside a literal.
 */
#include <sys/socket.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "mailbox/stream.h"

#define READ_BUFFER	65536
#define CONNECT_MS	20000	/* one address; the next may answer */
#define SLOWEST		4096	/* bytes a second below which a server is stuck */

enum broken { FINE, BY_EOF, BY_IDLE, BY_DEADLINE, BY_BUDGET, BY_CANCEL, BY_SYSTEM, BY_TLS };

struct stream {
	struct stream_conf	 conf;
	int			 fd;
	bool			 secure;
	gnutls_session_t	 tls;
	gnutls_certificate_credentials_t cred;
	int64_t			 deadline;
	uint64_t		 budget;
	enum broken		 broken;
	int			 number;	/* errno or GnuTLS's */
};

/* --- Waiting ------------------------------------------------------------ */

static int
broke(struct stream *s, enum broken why, int number)
{
	if (s->broken == FINE) {
		s->broken = why;
		s->number = number;
	}
	return (-1);
}

/* Until the socket is ready or patience ends: by then, or after idle_ms. */
static int
wait_until(struct stream *s, short events, int64_t by)
{
	struct pollfd	 p[2] = { { .fd = s->fd, .events = events }, { .fd = s->conf.wake, .events = POLLIN } };
	int64_t		 idle_end = when_mono_ms() + s->conf.idle_ms, end = by < idle_end ? by : idle_end, left;
	int		 r;

	for (;;) {
		left = end - when_mono_ms();
		r = poll(p, 2, left <= 0 ? 0 : left > 60000 ? 60000 : (int)left);
		if (r == -1 && errno != EINTR)
			return (broke(s, BY_SYSTEM, errno));
		if (r > 0 && p[1].revents != 0)
			return (broke(s, BY_CANCEL, 0));
		if (r > 0)
			return (0);
		if (when_mono_ms() >= end)
			return (broke(s, end == by ? BY_DEADLINE : BY_IDLE, 0));
	}
}

/* A peer that always has a byte ready never lets poll say so. */
static int
still_allowed(struct stream *s)
{
	struct pollfd	 p = { .fd = s->conf.wake, .events = POLLIN };

	if (s->broken != FINE)
		return (-1);
	if (poll(&p, 1, 0) == 1)
		return (broke(s, BY_CANCEL, 0));
	if (when_mono_ms() >= s->deadline)
		return (broke(s, BY_DEADLINE, 0));
	return (0);
}

void
stream_command(struct stream *s, uint64_t budget, uint64_t expect)
{
	if (expect > budget)
		expect = budget;
	s->budget = budget;
	s->deadline = when_mono_ms() + 2 * s->conf.idle_ms + (int64_t)(expect / SLOWEST) * 1000;
}

/* --- The driver for libetpan -------------------------------------------- */

static ssize_t
read_plain(struct stream *s, void *p, size_t n)
{
	ssize_t	 r;

	for (;;) {
		if ((r = recv(s->fd, p, n, 0)) > 0)
			return (r);
		if (r == 0)
			return (broke(s, BY_EOF, 0));
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (wait_until(s, POLLIN, s->deadline) == -1)
				return (-1);
		} else if (errno != EINTR)
			return (broke(s, BY_SYSTEM, errno));
	}
}

static ssize_t
read_tls(struct stream *s, void *p, size_t n)
{
	ssize_t	 r;

	for (;;) {
		if ((r = gnutls_record_recv(s->tls, p, n)) > 0)
			return (r);
		if (r == 0 || r == GNUTLS_E_PREMATURE_TERMINATION)
			return (broke(s, BY_EOF, 0));
		if (r == GNUTLS_E_AGAIN) {
			if (wait_until(s, gnutls_record_get_direction(s->tls) == 1 ? POLLOUT : POLLIN,
			    s->deadline) == -1)
				return (-1);
		} else if (r == GNUTLS_E_REHANDSHAKE || r == GNUTLS_E_INTERRUPTED ||
		    !gnutls_error_is_fatal((int)r)) {
			/* warnings and requests to renegotiate are not answered */
			if (still_allowed(s) == -1)
				return (-1);
		} else
			return (broke(s, BY_TLS, (int)r));
	}
}

static ssize_t
drv_read(mailstream_low *low, void *p, size_t n)
{
	struct stream	*s = low->data;
	ssize_t		 r;

	if (still_allowed(s) == -1)
		return (-1);
	if (s->budget == 0)
		return (broke(s, BY_BUDGET, 0));
	if (n > s->budget)
		n = (size_t)s->budget;
	if ((r = s->secure ? read_tls(s, p, n) : read_plain(s, p, n)) > 0)
		s->budget -= (uint64_t)r;
	return (r);
}

static ssize_t
drv_write(mailstream_low *low, const void *p, size_t n)
{
	struct stream	*s = low->data;
	ssize_t		 r;

	if (still_allowed(s) == -1)
		return (-1);
	for (;;) {
		if (s->secure) {
			if ((r = gnutls_record_send(s->tls, p, n)) > 0)
				return (r);
			if (r != GNUTLS_E_AGAIN && r != GNUTLS_E_INTERRUPTED)
				return (broke(s, BY_TLS, (int)r));
		} else {
			if ((r = send(s->fd, p, n, MSG_NOSIGNAL)) > 0)
				return (r);
			if (errno != EAGAIN && errno != EINTR)
				return (broke(s, errno == EPIPE || errno == ECONNRESET ? BY_EOF : BY_SYSTEM, errno));
		}
		if (wait_until(s, POLLOUT, s->deadline) == -1)
			return (-1);
	}
}

static int
drv_close(mailstream_low *low)
{
	struct stream	*s = low->data;

	/* One try to say goodbye; nobody waits for the answer. */
	if (s->secure && s->broken == FINE)
		(void)gnutls_bye(s->tls, GNUTLS_SHUT_WR);
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
	return (0);
}

static int
drv_get_fd(mailstream_low *low)
{
	struct stream	*s = low->data;

	return (s->fd);
}

static void
drv_free(mailstream_low *low)
{
	free(low);	/* the stream itself is the mailbox's */
}

static void
drv_cancel(mailstream_low *low)
{
	(void)low;	/* mailbox_cancel writes to the eventfd */
}

static mailstream_low_driver driver = {
	.mailstream_read = drv_read,
	.mailstream_write = drv_write,
	.mailstream_close = drv_close,
	.mailstream_get_fd = drv_get_fd,
	.mailstream_free = drv_free,
	.mailstream_cancel = drv_cancel,
};

mailstream *
stream_mailstream(struct stream *s, struct err *e)
{
	mailstream_low	*low;
	mailstream	*m;

	if ((low = mailstream_low_new(s, &driver)) == NULL || (m = mailstream_new(low, READ_BUFFER)) == NULL) {
		free(low);
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	return (m);
}

/* --- Connecting --------------------------------------------------------- */

struct stream *
stream_new(const struct stream_conf *c, struct err *e)
{
	struct stream	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	s->conf = *c;
	s->fd = -1;
	return (s);
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	if (s->tls != NULL)
		gnutls_deinit(s->tls);
	if (s->cred != NULL)
		gnutls_certificate_free_credentials(s->cred);
	if (s->fd != -1)
		(void)close(s->fd);
	free(s);
}

static bool
is_loopback(const struct sockaddr *a)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;

	if (a->sa_family == AF_INET) {
		memcpy(&in, a, sizeof(in));
		return ((ntohl(in.sin_addr.s_addr) >> 24) == 127);
	}
	if (a->sa_family == AF_INET6) {
		memcpy(&in6, a, sizeof(in6));
		return (IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr));
	}
	return (false);
}

static int
connect_one(struct stream *s, const struct addrinfo *a, int64_t by)
{
	socklen_t	 len = sizeof(int);
	int		 no = 0, one = 1;

	if ((s->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol)) == -1)
		return (errno);
	if (connect(s->fd, a->ai_addr, a->ai_addrlen) == -1) {
		if (errno != EINPROGRESS)
			no = errno;
		else if (wait_until(s, POLLOUT, by) == -1)
			no = s->broken == BY_SYSTEM ? s->number : s->broken == BY_CANCEL ? ECANCELED : ETIMEDOUT;
		else if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &no, &len) == -1)
			no = errno;
	}
	if (no == 0) {
		(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return (0);
	}
	(void)close(s->fd);
	s->fd = -1;
	if (no != ECANCELED)
		s->broken = FINE;	/* another address may do */
	return (no);
}

static int
resolve(struct stream *s, struct addrinfo **res, struct err *e)
{
	struct addrinfo	 hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	char		 port[8];
	int		 r;

	(void)snprintf(port, sizeof(port), "%u", s->conf.port);
	r = getaddrinfo(s->conf.host, port, &hints, res);
	if (r == EAI_NONAME || r == EAI_ADDRFAMILY) {
		/* AI_ADDRCONFIG hides loopback on a host without a network */
		hints.ai_flags = 0;
		r = getaddrinfo(s->conf.host, port, &hints, res);
	}
	if (r == 0)
		return (0);
	if (r == EAI_NONAME || r == EAI_NODATA)
		return (err_set(e, ERR_CONFIG, "the name %s has no address in the DNS; remedy: check host", s->conf.host));
	return (err_set(e, ERR_TEMP, "the address of %s cannot be looked up (%s); remedy: check this machine's"
	    " name servers", s->conf.host, r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r)));
}

static int
connect_failed(struct stream *s, int no, struct err *e)
{
	const char	*remedy = "check that the server is up and no firewall is in between";

	if (no == ECANCELED)
		return (err_set(e, ERR_TEMP, "cancelled"));
	if (no == ECONNREFUSED)
		remedy = "check host and port, and that the server is up";
	return (err_set(e, ERR_TEMP, "no connection to %s port %u: %s; remedy: %s", s->conf.host, s->conf.port,
	    no == ETIMEDOUT ? "no answer in time" : strerror(no), remedy));
}

int
stream_connect(struct stream *s, bool loopback_only, struct err *e)
{
	struct addrinfo	*res, *a;
	int		 no = ENETUNREACH;
	int64_t		 by;

	if (resolve(s, &res, e) == -1)
		return (-1);
	for (a = res; a != NULL; a = a->ai_next) {
		if (loopback_only && !is_loopback(a->ai_addr)) {
			freeaddrinfo(res);
			return (err_set(e, ERR_CONFIG, "%s is not this machine, and without TLS the password could be"
			    " read on the way; remedy: set tls to implicit or starttls", s->conf.host));
		}
	}
	for (a = res; a != NULL; a = a->ai_next) {
		by = when_mono_ms() + CONNECT_MS;
		if ((no = connect_one(s, a, by)) == 0 || no == ECANCELED)
			break;
	}
	freeaddrinfo(res);
	stream_command(s, READ_BUFFER, 0);
	return (no == 0 ? 0 : connect_failed(s, no, e));
}

/* --- TLS ---------------------------------------------------------------- */

static bool
is_address(const char *host)
{
	unsigned char	 sink[16];

	return (inet_pton(AF_INET, host, sink) == 1 || inet_pton(AF_INET6, host, sink) == 1);
}

/* "a.example, b.example": what the certificate is for, so that a person sees the mistake. */
static void
names_of(gnutls_x509_crt_t crt, char *out, size_t size)
{
	char		 name[256], text[INET6_ADDRSTRLEN];
	struct buf	 b = { .max = 4096 };
	unsigned	 i, n = 0;
	size_t		 len;
	int		 r;

	for (i = 0; i < 50 && n < 6; i++) {
		len = sizeof(name) - 1;
		r = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len, NULL);
		if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (r != GNUTLS_SAN_DNSNAME && r != GNUTLS_SAN_IPADDRESS)
			continue;
		if (r == GNUTLS_SAN_IPADDRESS &&
		    ((len != 4 && len != 16) ||
		    inet_ntop(len == 4 ? AF_INET : AF_INET6, name, text, sizeof(text)) == NULL))
			continue;
		if (n++ > 0)
			buf_cstr(&b, ", ");
		buf_str(&b, r == GNUTLS_SAN_IPADDRESS ? str_of(text) : (struct str){ name, len });
	}
	len = sizeof(name) - 1;
	if (n == 0 && gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) == 0)
		buf_str(&b, (struct str){ name, len });
	esc_short(out, size, b.len == 0 ? STR("nobody") : buf_as_str(&b));
	buf_free(&b);
}

static int
import_peer(struct stream *s, gnutls_x509_crt_t *crt)
{
	const gnutls_datum_t	*list;
	unsigned		 n = 0;

	if ((list = gnutls_certificate_get_peers(s->tls, &n)) == NULL || n == 0 || gnutls_x509_crt_init(crt) < 0)
		return (-1);
	if (gnutls_x509_crt_import(*crt, &list[0], GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(*crt);
		return (-1);
	}
	return (0);
}

static int
certificate_refused(struct stream *s, struct err *e)
{
	unsigned		 st = gnutls_session_get_verify_cert_status(s->tls);
	gnutls_x509_crt_t	 crt;
	gnutls_datum_t		 text = { NULL, 0 };
	char			 names[160] = "another host", issuer[120] = "an unknown issuer", dn[256], shown[200];
	char			 from[WHEN_TEXT] = "?", to[WHEN_TEXT] = "?";
	size_t			 len = sizeof(dn) - 1;
	time_t			 t;

	if (import_peer(s, &crt) == 0) {
		names_of(crt, names, sizeof(names));
		if (gnutls_x509_crt_get_issuer_dn(crt, dn, &len) == 0)
			esc_short(issuer, sizeof(issuer), (struct str){ dn, len });
		if ((t = gnutls_x509_crt_get_expiration_time(crt)) != (time_t)-1)
			when_date(when_day(t), to);
		if ((t = gnutls_x509_crt_get_activation_time(crt)) != (time_t)-1)
			when_date(when_day(t), from);
		gnutls_x509_crt_deinit(crt);
	}
	if (st & GNUTLS_CERT_EXPIRED)
		return (err_set(e, ERR_CONFIG, "the certificate of %s expired on %s; remedy: renew it on the server"
		    " (and check this machine's clock)", s->conf.host, to));
	if (st & GNUTLS_CERT_NOT_ACTIVATED)
		return (err_set(e, ERR_CONFIG, "the certificate of %s is valid only from %s on; remedy: check this"
		    " machine's clock, or replace the certificate", s->conf.host, from));
	if (st & GNUTLS_CERT_REVOKED)
		return (err_set(e, ERR_CONFIG, "the certificate of %s has been revoked; remedy: replace it on the"
		    " server", s->conf.host));
	if (st & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA))
		return (err_set(e, ERR_CONFIG, "the certificate of %s was issued by an authority that is not trusted"
		    " here (%s); remedy: set tls_ca_file to that authority's certificate", s->conf.host, issuer));
	if (st & GNUTLS_CERT_UNEXPECTED_OWNER)
		return (err_set(e, ERR_CONFIG, "the certificate is for %s, not for %s; remedy: set host to a name in"
		    " the certificate", names, s->conf.host));
	if (gnutls_certificate_verification_status_print(st, GNUTLS_CRT_X509, &text, 0) == 0 && text.data != NULL)
		esc_short(shown, sizeof(shown), (struct str){ (char *)text.data, text.size });
	else
		(void)snprintf(shown, sizeof(shown), "status %#x", st);
	gnutls_free(text.data);
	return (err_set(e, ERR_CONFIG, "the certificate of %s cannot be trusted: %s; remedy: replace it on the server",
	    s->conf.host, shown));
}

static int
handshake_failed(struct stream *s, int r, struct err *e)
{
	const char	*host = s->conf.host;
	unsigned	 port = s->conf.port;
	int		 alert;

	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR || r == GNUTLS_E_CERTIFICATE_ERROR)
		return (certificate_refused(s, e));
	if (r == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		alert = (int)gnutls_alert_get(s->tls);
		if (alert == GNUTLS_A_PROTOCOL_VERSION || alert == GNUTLS_A_INSUFFICIENT_SECURITY ||
		    alert == GNUTLS_A_HANDSHAKE_FAILURE)
			return (err_set(e, ERR_CONFIG, "%s port %u offers no TLS 1.2 or newer (%s); remedy: bring the"
			    " server's TLS up to date", host, port, gnutls_alert_get_name((gnutls_alert_description_t)alert)));
		return (err_set(e, ERR_TEMP, "%s port %u refused the TLS handshake: %s; remedy: look into the server's"
		    " log", host, port, gnutls_alert_get_name((gnutls_alert_description_t)alert)));
	}
	if (r == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
		return (err_set(e, ERR_CONFIG, "%s port %u offers no TLS 1.2 or newer; remedy: bring the server's TLS"
		    " up to date", host, port));
	if (r == GNUTLS_E_UNEXPECTED_PACKET_LENGTH || r == GNUTLS_E_UNEXPECTED_PACKET ||
	    r == GNUTLS_E_RECORD_OVERFLOW)
		return (err_set(e, ERR_CONFIG, "%s port %u does not speak TLS at once; remedy: check port, or set tls to"
		    " starttls", host, port));
	if (r == GNUTLS_E_PREMATURE_TERMINATION || r == GNUTLS_E_PULL_ERROR || r == GNUTLS_E_PUSH_ERROR)
		return (err_set(e, ERR_TEMP, "%s port %u closed the connection during the TLS handshake; remedy: check"
		    " port and tls, and the server's log", host, port));
	return (err_set(e, ERR_TEMP, "TLS handshake with %s port %u failed: %s; remedy: check port and tls, and the"
	    " server's log", host, port, gnutls_strerror(r)));
}

static int
trust(struct stream *s, struct err *e)
{
	int	 n;

	if (gnutls_certificate_allocate_credentials(&s->cred) < 0)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (s->conf.ca_file != NULL) {
		n = gnutls_certificate_set_x509_trust_file(s->cred, s->conf.ca_file, GNUTLS_X509_FMT_PEM);
		if (n < 0)
			return (err_set(e, ERR_CONFIG, "tls_ca_file %s cannot be used: %s; remedy: name a readable file"
			    " of PEM certificates", s->conf.ca_file, gnutls_strerror(n)));
		if (n == 0)
			return (err_set(e, ERR_CONFIG, "tls_ca_file %s holds no certificate; remedy: name a file of PEM"
			    " certificates", s->conf.ca_file));
		return (0);
	}
	if ((n = gnutls_certificate_set_x509_system_trust(s->cred)) <= 0)
		return (err_set(e, ERR_CONFIG, "this system trusts no certificate authority at all; remedy: install"
		    " ca-certificates, or set tls_ca_file"));
	return (0);
}

static int
prepare_tls(struct stream *s, struct err *e)
{
	const char	*host = s->conf.host;
	int		 r;

	if (trust(s, e) == -1)
		return (-1);
	if ((r = gnutls_init(&s->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL)) < 0 ||
	    (r = gnutls_priority_set_direct(s->tls, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL)) < 0 ||
	    (r = gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE, s->cred)) < 0)
		return (err_set(e, ERR_TEMP, "TLS cannot be set up: %s", gnutls_strerror(r)));
	/* RFC 6066: a literal address is no server name. */
	if (!is_address(host) && (r = gnutls_server_name_set(s->tls, GNUTLS_NAME_DNS, host, strlen(host))) < 0)
		return (err_set(e, ERR_CONFIG, "host %s is not a usable name: %s", host, gnutls_strerror(r)));
	gnutls_session_set_verify_cert(s->tls, host, 0);
	gnutls_transport_set_int(s->tls, s->fd);
	return (0);
}

int
stream_tls(struct stream *s, struct err *e)
{
	int	 r;

	if (prepare_tls(s, e) == -1)
		return (-1);
	stream_command(s, READ_BUFFER, 0);
	while ((r = gnutls_handshake(s->tls)) != GNUTLS_E_SUCCESS) {
		if (gnutls_error_is_fatal(r)) {
			broke(s, BY_TLS, r);
			return (handshake_failed(s, r, e));
		}
		if ((r == GNUTLS_E_AGAIN ? wait_until(s, gnutls_record_get_direction(s->tls) == 1 ? POLLOUT : POLLIN,
		    s->deadline) : still_allowed(s)) == -1) {
			(void)stream_explain(s, e);
			return (-1);
		}
	}
	s->secure = true;
	return (0);
}

/* --- What happened ------------------------------------------------------ */

bool
stream_broken(const struct stream *s)
{
	return (s->broken != FINE);
}

bool
stream_over_budget(const struct stream *s)
{
	return (s->broken == BY_BUDGET);
}

bool
stream_cancelled(const struct stream *s)
{
	return (s->broken == BY_CANCEL);
}

bool
stream_explain(const struct stream *s, struct err *e)
{
	const char	*host = s->conf.host;
	unsigned	 port = s->conf.port;

	switch (s->broken) {
	case FINE:
		return (false);
	case BY_EOF:
		err_set(e, ERR_TEMP, "%s port %u closed the connection; remedy: none needed if it happens once, else"
		    " see the server's log", host, port);
		break;
	case BY_IDLE:
		err_set(e, ERR_TEMP, "%s port %u did not answer within %lld seconds; remedy: check that the server is"
		    " well, or raise timeout", host, port, (long long)((s->conf.idle_ms + 999) / 1000));
		break;
	case BY_DEADLINE:
		err_set(e, ERR_TEMP, "%s port %u answers too slowly, less than %u bytes a second; remedy: check that the"
		    " server is well, or raise timeout", host, port, SLOWEST);
		break;
	case BY_BUDGET:
		err_set(e, ERR_TEMP, "%s port %u sends far more than was asked for; remedy: check that this is the"
		    " right server", host, port);
		break;
	case BY_CANCEL:
		err_set(e, ERR_TEMP, "cancelled");
		break;
	case BY_SYSTEM:
		err_set(e, ERR_TEMP, "connection to %s port %u: %s; remedy: none needed if it happens once", host, port,
		    strerror(s->number));
		break;
	case BY_TLS:
		err_set(e, ERR_TEMP, "TLS with %s port %u broke off: %s; remedy: none needed if it happens once", host,
		    port, gnutls_strerror(s->number));
		break;
	}
	return (true);
}
