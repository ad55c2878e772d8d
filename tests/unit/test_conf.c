/*
 * test_conf.c - the configuration: bad files and the lines said about them,
 * good files and what they mean, passwords, the manual against the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"
#include "conf/items.h"

#define MAILBOX "mailbox m { host = h user = u password_file = /p\n"

/* want: what must be said, all of it, "" for a file without fault. */
static const struct { const char *label, *text, *want; } cases[] = {
	{ "an empty file gives the defaults", "", "" },
	{ "comments of three kinds", "# a\n// b\n/* c\n d */ decoders = 2 # e\n", "" },
	{ "a byte order mark", "\xef\xbb\xbf" "decoders = 1\n", "" },
	{ "CR LF line ends", "decoders = 1\r\nstate = \"/x\"\r\n", "" },
	{ "several statements on a line", "http { enabled = no listen = \"127.0.0.1:1\" }", "" },
	{ "a misspelt key names the nearest", "\ndecodrs = 2\n", "t:2: unknown key 'decodrs'; is 'decoders' meant?\n" },
	{ "a misspelt section, and its contents are skipped", "limtis {\n records = 5\n}\ndecoders = x\n",
	    "t:1: unknown key 'limtis'; is 'limits' meant?\nt:4: decoders \"x\" is not a number from 0 to 256\n" },
	{ "a misspelt key in a section", MAILBOX "pasword_file = \"/x\"\n}",
	    "t:2: unknown key 'pasword_file'; is 'password_file' meant?\n" },
	{ "a key with no likeness", "store { xyzzy = 1 }", "t:1: unknown key 'xyzzy' in store { }\n" },
	{ "a key in the wrong section", "listen = \"127.0.0.1:80\"\nhttp { state = \"/x\" }",
	    "t:1: 'listen' belongs into a section http { }\nt:2: 'state' stands outside of all sections\n" },
	{ "a key twice", "decoders = 1\ndecoders = 2\n", "t:2: decoders is set a second time; first on line 1\n" },
	{ "a section twice", "http { }\nhttp { listen = x }\n",
	    "t:2: http { } stands a second time; first at t:1\n"
	    "t:2: listen \"x\" is not an address and a port like 127.0.0.1:8377\n" },
	{ "a value is missing", "decoders =\nstate = \"/x\"\n", "t:1: decoders has no value\n" },
	{ "an equal sign is missing", "decoders 3\nstate = x\n", "t:1: '=' is missing after decoders\n"
	    "t:2: state \"x\" does not begin with a slash: a daemon needs whole paths\n" },
	{ "a value of several words", "state = /a b c\ndecoders = 999\n",
	    "t:1: 'b' follows the value of state; a value of several words needs quotes\n"
	    "t:2: decoders \"999\" is not a number from 0 to 256\n" },
	{ "a string that does not end", "state = \"/a\ndecoders = 999\n",
	    "t:1: the text that begins with \" does not end on its line\n"
	    "t:2: decoders \"999\" is not a number from 0 to 256\n" },
	{ "a comment that does not end", "decoders = 1\n/* x\n", "t:2: the comment that begins here does not end\n" },
	{ "a section that does not end", "http {\n enabled = maybe\n",
	    "t:1: the section http that begins here is not closed before the end of the file\n"
	    "t:2: enabled \"maybe\" is neither yes nor no\n" },
	{ "a section that does not end before the next", "http {\nstore { keep_originals = 5q }\n",
	    "t:1: the section http that begins here is not closed before store\n"
	    "t:2: keep_originals \"5q\" is not a time from 0 to 10y\n" },
	{ "a brace too much", "}\ndecoders = x\n", "t:1: '}' closes nothing\n"
	    "t:2: decoders \"x\" is not a number from 0 to 256\n" },
	{ "a stray character", "decoders = 1;\n", "t:1: ';' has no meaning here; a value with such characters needs quotes\n" },
	{ "a bad escape", "state = \"/a\\9\"\n", "t:1: a backslash is followed by nothing that it can mean; "
	    "a backslash itself is written \\\\\n" },
	{ "a bad variable", "state = \"/${a b}\"\n", "t:1: \"${\" is not followed by a name and \"}\"; "
	    "a dollar itself is written \\$\n" },
	{ "a control character in a value", "state = \"/a\\x1b[2J\"\n", "t:1: state \"/a\\x1b[2J\" holds a control character\n" },
	{ "broken UTF-8 in a value", "state = \"/\xff\"\n", "t:1: state \"/\\xff\" is not UTF-8 text\n" },
	{ "a limit below its least", "limits {\n message_bytes = 1k\n seconds = 2h\n ratio = 5k\n}\n",
	    "t:2: message_bytes \"1k\" is not a size from 64k to 1G\n"
	    "t:3: seconds \"2h\" is not a time from 1s to 1h\n"
	    "t:4: ratio \"5k\" is not a number from 10 to 1000000\n" },
	{ "a number past all numbers", "limits { records = 99999999999999999999 }",
	    "t:1: records \"99999999999999999999\" is not a number from 1 to 100000000\n" },
	{ "times that wrap around", "store { keep_originals = 9223372036854775807y }",
	    "t:1: keep_originals \"9223372036854775807y\" is not a time from 0 to 10y\n" },
	{ "not loopback", "http { listen = \"0.0.0.0:80\" }",
	    "t:1: listen \"0.0.0.0\" is not a loopback address: passwords and reports would go over the network in the clear; set "
	    "tls_certificate and tls_key, or proxies when a web server in front speaks TLS\n" },
	{ "not loopback, the line of listen", "http {\n enabled = yes\n listen = \"[2001:db8::1]:443\"\n}", "t:3: listen \"2001:db8::1\" is not a "
	    "loopback address: passwords and reports would go over the network in the clear; set "
	    "tls_certificate and tls_key, or proxies when a web server in front speaks TLS\n" },
	{ "not loopback behind a proxy", "http { listen = \"192.0.2.1:80\" proxies = { \"192.0.2.7\", \"2001:db8::/32\" } }", "" },
	{ "not loopback with TLS", "http { listen = \"192.0.2.1:443\" tls_certificate = /c tls_key = /k names = { \"Reports.example.com\" } }", "" },
	{ "half of TLS", "http {\n tls_certificate = /c\n}", "t:2: tls_certificate and tls_key go together; tls_key is missing\n" },
	{ "the other half", "http {\n tls_key = /k\n}", "t:2: tls_certificate and tls_key go together; tls_certificate is missing\n" },
	{ "proxies by name", "http {\n proxies = { \"proxy.example.com\", \"192.0.2.0/33\", \"0.0.0.0/0\" }\n}",
	    "t:2: proxies \"proxy.example.com\" is neither an address nor a network like 192.0.2.0/24\n"
	    "t:2: proxies \"192.0.2.0/33\" is neither an address nor a network like 192.0.2.0/24\n"
	    "t:2: proxies \"0.0.0.0/0\" is everybody: whoever asks could say who he is\n" },
	{ "who may say who it is", "http {\n proxy_user_header = \"X-Remote-User\"\n}",
	    "t:2: proxy_user_header is set, but proxies says nobody who may send it\n" },
	{ "no header", "http {\n proxies = 127.0.0.1\n proxy_user_header = \"X User\"\n}", "t:3: proxy_user_header \"X User\" is no name of a header\n" },
	{ "idle for longer than it lasts", "http {\n session_idle = 8d\n}",
	    "t:2: session_idle is longer than session_length, which ends every session\n" },
	{ "a name server by name", "resolver { servers = \"dns.example\" }", "t:1: servers \"dns.example\" is no address of a name server, "
	    "with its port or without, like 192.0.2.53 or [2001:db8::53]:5353\n" },
	{ "name servers in all forms", "resolver { servers = { \"192.0.2.53\", \"192.0.2.53:5353\", \"2001:db8::53\", \"[2001:db8::53]:54\", \"[::1]\" } }", "" },
	{ "a name server twice", "resolver { servers = { \"192.0.2.53\", \"192.0.2.53:53\" } }", "t:1: servers names \"192.0.2.53:53\" twice\n" },
	{ "a name server's port", "resolver { servers = \"192.0.2.53:0\" }", "t:1: servers \"192.0.2.53:0\" is no address of a name server, "
	    "with its port or without, like 192.0.2.53 or [2001:db8::53]:5353\n" },
	{ "the root and a server", "resolver {\nservers = { \"root\", \"192.0.2.53\" }\n}", "" },
	{ "listen by name", "http { listen = \"www.example.com:80\" }",
	    "t:1: listen \"www.example.com:80\" is not a numeric address and a port like 127.0.0.1:8377\n" },
	{ "loopback in three forms", "http { listen = \"[::1]:8377\" }", "" },
	{ "base_path", "http { base_path = \"reports\" }", "t:1: base_path \"reports\" does not begin with a slash\n" },
	{ "base_path with a query", "http { base_path = \"/a?b\" }", "t:1: base_path \"/a?b\" is not a plain path like /dmarc\n" },
	{ "a mailbox without all", "mailbox one { }\n", "t:1: mailbox one has no host\nt:1: mailbox one has no user\n"
	    "t:1: mailbox one has neither password_file nor password_command\n" },
	{ "a mailbox without a name", "mailbox { host = h }",
	    "t:1: a mailbox needs a name: mailbox \"reports\" { ... }\nt:1: mailbox ? has no user\n"
	    "t:1: mailbox ? has neither password_file nor password_command\n" },
	{ "a mailbox name that is a path", "mailbox \"../x\" { host = h user = u password_file = /p }",
	    "t:1: mailbox name '../x' is not 1 to 64 of the characters A-Z a-z 0-9 . _ - (and no dot first)\n" },
	{ "two mailboxes of one name", MAILBOX "}\n\nmailbox M { host = h2 user = u password_file = /p }\n",
	    "t:4: there is a mailbox M already, at t:1\n" },
	{ "two passwords", MAILBOX "password_command = cat }",
	    "t:2: mailbox m has password_file and password_command; one of them is enough\n" },
	{ "plain text over the network", "mailbox m { host = \"mail.example.com\"\n tls = none user = u password_file = /p }",
	    "t:2: tls = none would send the password of mailbox m over the network in the clear; "
	    "it is for 127.0.0.1, ::1 and localhost only\n" },
	{ "plain text at home", "mailbox m { host = \"127.0.0.1\" tls = none user = u password_file = /p }", "" },
	{ "seen with POP3", MAILBOX "protocol = pop3 after = seen }",
	    "t:2: after = seen is not possible with POP3, which knows neither flags nor folders; keep and delete are\n" },
	{ "move with POP3", MAILBOX "protocol = pop3 after = move \"X\" }",
	    "t:2: after = move is not possible with POP3, which knows neither flags nor folders; keep and delete are\n" },
	{ "a folder with POP3", MAILBOX "protocol = pop3 folder = \"X\" }",
	    "t:2: folder is not possible with POP3, which has one folder only\n" },
	{ "move without a folder", MAILBOX "after = move }",
	    "t:2: after = move needs a folder: after = move \"Reports/Done\"\n" },
	{ "a folder without move", MAILBOX "after_folder = \"X\" }",
	    "t:2: after_folder is set, but after is keep and moves nothing\n" },
	{ "a move to where it is", MAILBOX "after = move INBOX }",
	    "t:2: mailbox m would move its messages to the folder they are in\n" },
	{ "a word that is near", MAILBOX "after = delte }",
	    "t:2: after \"delte\" is not one of keep|seen|move|delete; is delete meant?\n" },
	{ "a control character in the user", "mailbox m { host = h user = \"u\\r\\nA1\" password_file = /p }",
	    "t:1: user \"u\\x0d\\x0aA1\" holds a control character\n" },
	{ "a host with a blank", "mailbox m { host = \"h h\" user = u password_file = /p }",
	    "t:1: host \"h h\" is no name of a host; names outside of ASCII are written in their xn-- form\n" },
	{ "include from memory", "include(\"/x\")", "t:1: include(\"/x\") is possible in a file only\n" },
	{ "an include without its path", "include()\ndecoders = x", "t:1: include is written include(\"/path/to/file\")\n"
	    "t:2: decoders \"x\" is not a number from 0 to 256\n" },
	{ "a section inside a section", "http {\n foo {\n bar = 1\n }\n enabled = x\n}\n",
	    "t:2: unknown key 'foo' in http { }\nt:5: enabled \"x\" is neither yes nor no\n" },
	{ "a list", "domains = { example.com, \"Example.ORG.\",\n\n 'b\xc3\xbc" "cher.example', }\n", "" },
	{ "a list of one", "domains = example.com\ntrust { authserv_ids = \"(none)\" }\n", "" },
	{ "an empty list", "domains = { }\ntrust { services = {} }\n", "" },
	{ "a list without a comma", "domains = { a.example b.example }\ndecoders = x\n",
	    "t:1: a comma is missing before b.example in the list domains\nt:2: decoders \"x\" is not a number from 0 to 256\n" },
	{ "a list without an end", "domains = { a.example\ndecoders = 1\n",
	    "t:2: a comma is missing before decoders in the list domains\n" },
	{ "a list without an end, and a comma", "domains = { a.example,\ndecoders = 1\n",
	    "t:1: the list domains that begins here is not closed by '}'\n" },
	{ "a list with something else", "trust { authserv_ids = { = }\n unauthenticated = appart }\n",
	    "t:1: a name is expected in the list authserv_ids, not =\n"
	    "t:2: unauthenticated \"appart\" is not one of count|apart; is apart meant?\n" },
	{ "a list where one value is wanted", "decoders = { 1 }\n", "t:1: decoders has no value\n" },
	{ "names in a list", "domains = { \"*.example.com\", \"a@example.com\", \"a b\", \"\", example.com, EXAMPLE.com }",
	    "t:1: domains \"*.example.com\": a name stands for all below it, without a star\n"
	    "t:1: domains \"a@example.com\" is no name of a domain\nt:1: domains \"a b\" is no name of a domain\n"
	    "t:1: domains: the name is empty\nt:1: domains names \"EXAMPLE.com\" twice\n" },
	{ "ids of servers", "trust { authserv_ids = { \"mx;1\", \"(some)\", mx_1 } received_by = { \"192.0.2.1\", \"a/b\" } }",
	    "t:1: authserv_ids \"mx;1\" is no name of a server\nt:1: authserv_ids \"(some)\" is no name of a server\n"
	    "t:1: received_by \"a/b\" is no name of a host\n" },
	{ "a list twice", "domains = a.example\ndomains = { b.example }\n",
	    "t:2: domains is set a second time; first on line 1\n" },
	{ "a key of trust elsewhere", "authserv_ids = mx.example.com\n", "t:1: 'authserv_ids' belongs into a section trust { }\n" },
	{ "markup of another kind", "<xml>\n", "t:1: '<' has no meaning here; a value with such characters needs quotes\n" },
};

static void
test_faults(void **state)
{
	size_t	 bad = 0;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct buf	 faults = { 0 };
		struct err	 e = { 0 };
		struct conf	*c = conf_load_text("t", str_of(cases[i].text), &faults, &e);

		if (strcmp(buf_as_str(&faults).p, cases[i].want) != 0 || (c == NULL) != (cases[i].want[0] != '\0') ||
		    (c == NULL) != (e.code == ERR_CONFIG)) {
			print_message("# %s\n# wanted: %s# got: %s%s\n", cases[i].label, cases[i].want,
			    buf_as_str(&faults).p, e.msg);
			bad++;
		}
		conf_free(c);
		buf_free(&faults);
	}
	assert_int_equal(bad, 0);
}

static struct conf *
load(const char *text)
{
	struct buf	 faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*c = conf_load_text("t", str_of(text), &faults, &e);

	if (c == NULL)
		fail_msg("%s%s", buf_as_str(&faults).p, e.msg);
	buf_free(&faults);
	return (c);
}

static void
test_meaning(void **state)
{
	struct conf	*c;

	(void)state;
	c = load("state = \"/srv/x\"\ndecoders = 3\n"
	    "mailbox a { host = \"imap.example.com\" user = \"rua@example.com\" password_file = /etc/p interval = 1h\n"
	    "  timeout = 90s after = move \"Done/2026 \\\"x\\\" \\${HOME}\" }\n"
	    "mailbox b { protocol = pop3 tls = starttls host = \"pop.example.com\" user = 'b\\c' password_command = \"pass show x\"\n"
	    "  after = delete }\n"
	    "mailbox c { host = \"imap.example.com\" port = 1143 tls = starttls user = c password_file = /etc/p\n"
	    "  after = move after_folder = X }\n"
	    "http { enabled = off listen = \"localhost:80\" base_path = \"/dmarc/\" }\n"
	    "store { keep_originals = 1y keep_quarantine = 2w }\n"
	    "domains = { \"Example.COM\", example.org }\n"
	    "trust { authserv_ids = { MX.example.com, \"(none)\" } received_by = store.example.net unauthenticated = apart }\n"
	    "limits { message_bytes = 25M seconds = 90 records = 1000 text_bytes = 1K }\n");
	assert_string_equal(c->state_dir, "/srv/x");
	assert_int_equal(c->decoders, 3);
	assert_int_equal(c->nmailboxes, 3);
	assert_int_equal(c->trust.domains.n, 2);
	assert_string_equal(c->trust.domains.v[0], "example.com");
	assert_int_equal(c->trust.authserv_ids.n, 2);
	assert_string_equal(c->trust.authserv_ids.v[0], "mx.example.com");
	assert_string_equal(c->trust.authserv_ids.v[1], "(none)");
	assert_int_equal(c->trust.received_by.n, 1);
	assert_int_equal(c->trust.services.n, 0);
	assert_int_equal(c->trust.apart, 1);
	assert_string_equal(c->mailboxes[0].name, "a");
	assert_int_equal(c->mailboxes[0].protocol, CONF_IMAP);
	assert_int_equal(c->mailboxes[0].port, 993);
	assert_int_equal(c->mailboxes[0].poll, 3600);
	assert_int_equal(c->mailboxes[0].timeout, 90);
	assert_int_equal(c->mailboxes[0].after, CONF_AFTER_MOVE);
	assert_string_equal(c->mailboxes[0].after_folder, "Done/2026 \"x\" ${HOME}");
	assert_string_equal(c->mailboxes[0].folder, "INBOX");
	assert_int_equal(c->mailboxes[0].line, 3);
	assert_int_equal(c->mailboxes[1].protocol, CONF_POP3);
	assert_int_equal(c->mailboxes[1].tls, CONF_TLS_STARTTLS);
	assert_int_equal(c->mailboxes[1].port, 110);
	assert_string_equal(c->mailboxes[1].user, "b\\c");
	assert_string_equal(c->mailboxes[1].password_command, "pass show x");
	assert_null(c->mailboxes[1].password_file);
	assert_int_equal(c->mailboxes[1].after, CONF_AFTER_DELETE);
	assert_int_equal(c->mailboxes[2].port, 1143);
	assert_string_equal(c->mailboxes[2].after_folder, "X");
	assert_false(c->http.enabled);
	assert_string_equal(c->http.address, "127.0.0.1");
	assert_int_equal(c->http.port, 80);
	assert_string_equal(c->http.base_path, "/dmarc");
	assert_int_equal(c->store.keep_originals, 365 * 86400);
	assert_int_equal(c->store.keep_quarantine, 14 * 86400);
	assert_int_equal(c->limits.message_bytes, 25 << 20);
	assert_int_equal(c->limits.seconds, 90);
	assert_int_equal(c->limits.records, 1000);
	assert_int_equal(c->limits.text_bytes, 1024);
	assert_int_equal(c->limits.ratio, limits_default.ratio);
	conf_free(c);

	c = load("");
	assert_int_equal(c->nmailboxes, 0);
	assert_string_equal(c->http.address, "127.0.0.1");
	assert_int_equal(c->http.port, 8377);
	assert_string_equal(c->http.base_path, "");
	assert_true(c->http.enabled);
	assert_memory_equal(&c->limits, &limits_default, sizeof(limits_default));
	conf_free(c);
}

static void
test_print_reads_again(void **state)
{
	struct buf	 one = { 0 }, two = { 0 };
	struct conf	*c;

	(void)state;
	c = load("mailbox a { host = h user = \"a \\\"b\\\" \\\\ \\$x ä\" password_command = \"echo \\\"$(x)\\\"\" after = move \"D\" }\n"
	    "limits { message_bytes = 65537 seconds = 61 } store { keep_originals = 14d }");
	conf_print(c, &one);
	conf_free(c);
	c = load(buf_as_str(&one).p);
	assert_string_equal(c->mailboxes[0].user, "a \"b\" \\ $x ä");
	conf_print(c, &two);
	conf_free(c);
	/* the first line names the file, which differs */
	assert_string_equal(strchr(one.p, '\n'), strchr(two.p, '\n'));
	assert_non_null(strstr(one.p, "keep_originals = 14d"));
	assert_non_null(strstr(one.p, "message_bytes = 65537"));
	buf_free(&one);
	buf_free(&two);
}

/* ---- files ---- */

static char	 dir[64];

static char *
put_file(const char *name, const char *text, mode_t mode)
{
	static char	 path[128];
	struct err	 e = { 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(io_replace_file(path, text, strlen(text), 0600, &e), 0);
	assert_int_equal(chmod(path, mode), 0);
	return (path);
}

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "test_conf.XXXXXX");
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

static int
remove_dir(void **state)
{
	static const char *const	 names[] = { "main.conf", "secret", "d/a.conf", "d/b.conf", "d" };
	char				 path[128];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	return (rmdir(dir));
}

static void
test_files(void **state)
{
	struct buf	 faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*c;
	char		 path[128], want[1024];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/d", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)put_file("d/a.conf", "mailbox a { host = h user = u password_command = x }\n", 0600);
	(void)snprintf(path, sizeof(path), "%s", put_file("main.conf",
	    "state = \"/from/file\"\ninclude(\"d/*.conf\")\ninclude(\"none.d/*.conf\")\n", 0600));
	c = conf_load(path, NULL, &faults, &e);
	assert_non_null(c);
	assert_string_equal(c->state_dir, "/from/file");
	assert_string_equal(c->path, path);
	assert_int_equal(c->nmailboxes, 1);
	assert_string_equal(c->warnings, "");
	conf_free(c);
	c = conf_load(path, "given", &faults, &e);
	assert_non_null(c);
	assert_string_equal(c->state_dir, "given");
	conf_free(c);

	/* faults of all files, each under its own name */
	(void)put_file("d/b.conf", "state = \"/again\"\nmailbox a { host = h user = u }\nx\n", 0600);
	(void)put_file("main.conf", "include(\"d/*.conf\") state = \"/x\"\ninclude(\"nothing.conf\")\n", 0600);
	assert_null(conf_load(path, NULL, &faults, &e));
	(void)snprintf(want, sizeof(want),
	    "%s:2: include: nothing.conf is not there\n"
	    "%s/d/b.conf:1: state was set in another file already\n"
	    "%s/d/b.conf:2: there is a mailbox a already, at %s/d/a.conf:1\n"
	    "%s/d/b.conf:2: mailbox a has neither password_file nor password_command\n"
	    "%s/d/b.conf:3: unknown key 'x'\n", path, dir, dir, dir, dir, dir);
	assert_string_equal(faults.p, want);
	buf_clear(&faults);

	/* what cannot be had at all */
	assert_null(conf_load("no/such/file", NULL, &faults, &e));
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.msg, "no/such/file: No such file or directory");
	assert_null(conf_load(dir, NULL, &faults, &e));
	assert_int_equal(e.code, ERR_CONFIG);
	buf_free(&faults);
}

static void
test_warnings(void **state)
{
	struct buf	 faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*c;
	char		 text[512], path[128], cwd[256], want[1024];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	(void)put_file("secret", "s\n", 0644);
	(void)snprintf(text, sizeof(text), "mailbox a { host = h user = u\npassword_file = \"%s/%s/secret\" }\n"
	    "mailbox b { host = h user = u\npassword_file = \"/no/such/file\" }\n", cwd, dir);
	(void)snprintf(path, sizeof(path), "%s", put_file("main.conf", text, 0600));
	c = conf_load(path, NULL, &faults, &e);
	assert_non_null(c);
	(void)snprintf(want, sizeof(want),
	    "%s:2: warning: password_file \"%s/%s/secret\" is open to others (mode 0644); chmod 0600 closes it\n"
	    "%s:3: warning: mailboxes a and b are one and the same folder\n"
	    "%s:4: warning: password_file \"/no/such/file\" is not there\n", path, cwd, dir, path, path);
	assert_string_equal(c->warnings, want);
	conf_free(c);
	buf_free(&faults);
}

static void
test_password(void **state)
{
	static const struct { const char *command, *want, *msg; enum err_code code; } cmds[] = {
		{ "echo secret; echo more", "secret", "", ERR_NONE },
		{ "printf 'a b\\r\\n'", "a b", "", ERR_NONE },
		{ "true", NULL, "mailbox m: the first line of what password_command prints is empty; it must be the password", ERR_CONFIG },
		{ "echo not telling >&2; exit 3", NULL, "mailbox m: password_command failed with exit code 3: not telling", ERR_CONFIG },
		{ "kill -9 $$", NULL, "mailbox m: password_command was ended by signal 9", ERR_TEMP },
		{ "read x || echo nothing on stdin", "nothing on stdin", "", ERR_NONE },
		/* more than a pipe holds does not block it */
		{ "echo p; head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2", "p", "", ERR_NONE },
		/* no descriptor of ours reaches the command */
		{ "test -e /dev/fd/9 || echo closed", "closed", "", ERR_NONE },
	};
	char			 name[] = "m", *path;
	struct conf_mailbox	 m = { .name = name };
	struct buf		 out = { 0 };
	struct err		 e = { 0 };

	(void)state;
	path = put_file("secret", "pass word \nsecond\n", 0600);
	m.password_file = path;
	assert_int_equal(conf_password(&m, &out, &e), 0);
	assert_string_equal(out.p, "pass word ");
	buf_clear(&out);
	(void)put_file("secret", "\nx\n", 0600);
	assert_int_equal(conf_password(&m, &out, &e), -1);
	assert_string_equal(e.msg, "mailbox m: the first line of password_file is empty; it must be the password");
	assert_int_equal(out.len, 0);
	m.password_file = NULL;
	assert_int_equal(dup2(STDERR_FILENO, 9), 9);
	for (size_t i = 0; i < nitems(cmds); i++) {
		char	 command[128];

		(void)snprintf(command, sizeof(command), "%s", cmds[i].command);
		m.password_command = command;
		e = (struct err){ 0 };
		assert_int_equal(conf_password(&m, &out, &e), cmds[i].want == NULL ? -1 : 0);
		assert_string_equal(e.msg, cmds[i].msg);
		assert_int_equal(e.code, cmds[i].code);
		if (cmds[i].want != NULL)
			assert_string_equal(out.p, cmds[i].want);
		buf_clear(&out);
	}
	(void)close(9);
	buf_free(&out);
}

/* ---- what people read ---- */

static void
read_source(const char *name, struct buf *b)
{
	const char	*src = getenv("srcdir");
	char		 path[512];
	struct err	 e = { 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", src == NULL ? "." : src, name);
	if (io_read_file(path, 1u << 20, b, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
test_manual(void **state)
{
	struct buf	 man = { 0 }, n = { 0 };
	char		 head[100];
	size_t		 bad = 0;

	(void)state;
	read_source("src/dmarcd.conf.5", &man);
	for (size_t i = 0; i < conf_nitems; i++) {
		const struct conf_item	*it = &conf_items[i];
		const char		*at, *end, *hit, *from = man.p;

		/* two sections may have keys of one name */
		(void)snprintf(head, sizeof(head), "\n.Ss %s ", conf_section_names[it->section]);
		if (it->section != CONF_SEC_ROOT && (from = strstr(man.p, head)) == NULL)
			fail_msg("dmarcd.conf(5) has no section %s", conf_section_names[it->section]);
		(void)snprintf(head, sizeof(head), "\n.It Ic %s No =", it->name);
		if ((at = strstr(from, head)) == NULL) {
			print_message("# dmarcd.conf(5) does not explain %s\n", it->name);
			bad++;
			continue;
		}
		if ((end = strstr(at + 1, "\n.It")) == NULL)
			end = man.p + man.len;
		buf_clear(&n);
		if (it->section == CONF_SEC_LIMITS) {
			struct limits	 l = limits_default;
			uint64_t	 v;

			memcpy(&v, (char *)&l + it->off, sizeof(v));
			item_number(it, v, &n);
		} else if (it->def != NULL && it->def[0] != '\0' && it->off != offsetof(struct conf, state_dir))
			(void)buf_cstr(&n, it->def);
		if (n.len > 0) {
			(void)snprintf(head, sizeof(head), "Default: %s.", n.p);
			if ((hit = strstr(at, head)) == NULL || hit > end) {
				print_message("# dmarcd.conf(5): %s lacks '%s'\n", it->name, head);
				bad++;
			}
		}
		if (it->type == CONF_TIME || it->type == CONF_SIZE || it->type == CONF_COUNT) {
			buf_clear(&n);
			(void)buf_cstr(&n, "From ");
			item_number(it, it->min, &n);
			(void)buf_cstr(&n, " to ");
			item_number(it, it->max, &n);
			if ((hit = strstr(at, n.p)) == NULL || hit > end) {
				print_message("# dmarcd.conf(5): %s lacks '%s'\n", it->name, n.p);
				bad++;
			}
		}
	}
	buf_free(&man);
	buf_free(&n);
	assert_int_equal(bad, 0);
}

static void
test_sample(void **state)
{
	struct buf	 text = { 0 }, faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*c;

	(void)state;
	read_source("contrib/dmarcd.conf.sample", &text);
	c = conf_load_text("sample", buf_as_str(&text), &faults, &e);
	if (c == NULL)
		fail_msg("%s", buf_as_str(&faults).p);
	conf_free(c);
	/* also with everything that is commented out by "#key" switched on */
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.p[i] == '#' && text.p[i + 1] != ' ' && text.p[i + 1] != '\n' &&
		    strncmp(text.p + i, "#include", 8) != 0)
			text.p[i] = ' ';
	c = conf_load_text("sample", buf_as_str(&text), &faults, &e);
	if (c == NULL)
		fail_msg("%s", buf_as_str(&faults).p);
	assert_true(c->nmailboxes >= 2);
	conf_free(c);
	buf_free(&text);
	buf_free(&faults);
}

struct seen { size_t sections, keys, set, hidden; unsigned line; };

static int
on_shown(void *ctx, const struct conf_shown *x)
{
	struct seen	*n = ctx;

	assert_true(x->value == NULL || strstr(x->value, "hushhush") == NULL);
	if (x->key == NULL) {
		n->sections++;
		return (0);
	}
	n->keys++;
	n->set += x->set;
	n->hidden += x->how != CONF_PLAIN && x->value == NULL && x->set;
	if (strcmp(x->key, "digest") == 0)
		n->line = x->line;
	if (strcmp(x->key, "webhook") == 0)
		assert_string_equal(x->value, "https://192.0.2.1:8443/...");
	if (strcmp(x->key, "sendmail") == 0)
		assert_string_equal(x->value, "/usr/sbin/sendmail ...");
	if (strcmp(x->key, "domains") == 0 && x->section[0] == '\0') {
		assert_true(x->cut);
		assert_true(strlen(x->value) <= 2000);
	}
	return (0);
}

/* Everything that is set stands where it was set, and no secret is shown. */
static void
test_show(void **state)
{
	struct buf	 text = { 0 }, faults = { 0 };
	struct seen	 n = { 0 };
	struct err	 e = { 0 };
	struct conf	*c;

	(void)state;
	(void)buf_cstr(&text, "mailbox \"a\" {\n host = \"imap.example.org\"\n user = \"u\"\n password_command = \"echo hushhush\"\n}\n"
	    "mailbox \"b\" {\n host = \"imap.example.org\"\n user = \"v\"\n password_command = \"echo hushhush\"\n}\n"
	    "smtp {\n sendmail = \"/usr/sbin/sendmail --key hushhush\"\n from = \"a@example.org\"\n}\n"
	    "alerts {\n webhook = \"https://user:hushhush@192.0.2.1:8443/hushhush?hushhush\"\n webhook_secret_command = \"echo hushhush\"\n"
	    " command = \"/bin/x hushhush\"\n digest = 7\n}\ndomains = { ");
	for (int i = 0; i < 300; i++)
		(void)buf_printf(&text, "%s\"d%d.example\"", i == 0 ? "" : ", ", i);
	(void)buf_cstr(&text, " }\n");
	c = conf_load_text("x.conf", buf_as_str(&text), &faults, &e);
	if (c == NULL) {	/* a name and password in an address may be no address at all */
		buf_clear(&faults);
		for (char *p = strstr(text.p, "user:hushhush@"); p != NULL; p = NULL)
			memmove(p, p + 14, strlen(p + 14) + 1);
		c = conf_load_text("x.conf", str_of(text.p), &faults, &e);
	}
	assert_non_null(c);
	assert_int_equal(conf_show(c, on_shown, &n), 0);
	assert_int_equal(n.sections, 11);	/* two mailboxes, no sender, no summary */
	assert_int_equal(n.set, 3 + 3 + 2 + 4 + 1);
	assert_int_equal(n.hidden, 3);
	assert_int_equal(n.line, 19);
	assert_true(n.keys > 100);
	conf_free(c);
	buf_free(&text);
	buf_free(&faults);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_print_reads_again),
		cmocka_unit_test(test_show),
		cmocka_unit_test_setup_teardown(test_files, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_warnings, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_password, make_dir, remove_dir),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_sample),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
