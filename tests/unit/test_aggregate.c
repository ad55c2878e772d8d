/*
 * test_aggregate.c - documents of aggregate reports, each under the code of
 * its rule. Each is read at once, byte by byte, in pieces of seven, and made so
 * long by a comment that it is read as it comes: all must give the same.
 */
#include "cases.h"
#include "recorder.h"

#define BEGIN_END "<date_range><begin>1722816000</begin><end>1722902399</end></date_range>"
#define META_(org, email, id, range) "<report_metadata>" org email id range "</report_metadata>"
#define ORG "<org_name>rep.example</org_name>"
#define EMAIL "<email>d@rep.example</email>"
#define ID "<report_id>id1</report_id>"
#define META META_(ORG, EMAIL, ID, BEGIN_END)
#define RANGE(b, e) META_(ORG, EMAIL, ID, "<date_range>" b e "</date_range>")
#define POL(rest) "<policy_published><domain>example.com</domain>" rest "</policy_published>"
#define POLICY POL("<adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct>")
#define IP1 "<source_ip>192.0.2.1</source_ip>"
#define EVAL "<policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated>"
#define IDENT "<identifiers><header_from>example.com</header_from></identifiers>"
#define AUTH "<auth_results><dkim><domain>example.com</domain><selector>s</selector><result>pass</result></dkim>" \
    "<spf><domain>example.net</domain><result>fail</result></spf></auth_results>"
#define ROW_(ip, count, eval) "<row>" ip count eval "</row>"
#define REC_(row, ident, auth) "<record>" row ident auth "</record>"
#define N(n) "<count>" n "</count>"
#define REC(ip, count, eval) REC_(ROW_(ip, count, eval), IDENT, AUTH)
#define REC1 REC(IP1, N("2"), EVAL)
#define REC2 REC("<source_ip>192.0.2.2</source_ip>", N("3"), EVAL)
#define REC3 REC("<source_ip>192.0.2.3</source_ip>", N("4"), EVAL)
#define DECL "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define DOC(inside) DECL "<feedback>" inside "</feedback>\n"
#define WITH(rec) DOC(META POLICY rec)
#define AUTHS(x) WITH(REC_(ROW_(IP1, N("1"), EVAL), IDENT, "<auth_results>" x "</auth_results>"))
#define EVALS(x) WITH(REC(IP1, N("1"), "<policy_evaluated>" x "</policy_evaluated>"))
#define IDENTS(x) WITH(REC_(ROW_(IP1, N("1"), EVAL), x, AUTH))

#define HEAD1 "report org=[rep.example] email=[d@rep.example] id=[id1] begin=1722816000 end=1722902399 domain=[example.com]"
#define ROW1 "row 1 len=4 count=2 disp=none dkim=pass spf=fail ip=[192.0.2.1] hex=c0000201 from=[example.com] " \
    "dkim(pass d=[example.com] w=[s]) spf(fail d=[example.net])\n"

struct doc_case {
	const char	*name, *doc;
	const char	*has[6];	/* pieces of what is recorded; has[0] NULL: it is refused */
	const char	*hasnt;		/* or, refused: a piece of the sentence */
	size_t		 len;		/* of documents with NULs */
};

static const struct doc_case docs[] = {
	{ "AX1 no version, no namespace", WITH(REC1), { HEAD1, ROW1, "end records=1 refused=0 ok draft quirks= " }, NULL, 0 },
	{ "AX2 C9 X5 namespace of RFC 9990", DECL "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">" META POLICY REC1 "</feedback>",
	    { HEAD1, ROW1, "ok rfc9990 quirks= " }, NULL, 0 },
	{ "AX3 C9 X3 prefixed root, plain children", DECL "<ns1:feedback xmlns:ns1=\"http://dmarc.org/dmarc-xml/0.1\">" META POLICY REC1
	    "</ns1:feedback>", { HEAD1, ROW1, "dmarc-xml-0.1" }, NULL, 0 },
	{ "AX4 all prefixed", DECL "<f:feedback xmlns:f=\"urn:ietf:params:xml:ns:dmarc-2.0\"><f:report_metadata>"
	    "<f:org_name>rep.example</f:org_name><f:email>d@rep.example</f:email><f:report_id>id1</f:report_id><f:date_range>"
	    "<f:begin>1722816000</f:begin><f:end>1722902399</f:end></f:date_range></f:report_metadata><f:policy_published>"
	    "<f:domain>example.com</f:domain><f:p>none</f:p></f:policy_published><f:record><f:row><f:source_ip>192.0.2.1</f:source_ip>"
	    "<f:count>2</f:count></f:row><f:identifiers><f:header_from>example.com</f:header_from></f:identifiers></f:record></f:feedback>",
	    { HEAD1, "row 1 len=4 count=2", "rfc9990 " }, NULL, 0 },
	{ "AX5 C10 DTD with an entity", "<!DOCTYPE feedback [<!ENTITY a \"x\">]><feedback>" META POLICY REC1 "</feedback>", { NULL }, "DTD", 0 },
	{ "C10 DTD that fetches", "<!DOCTYPE feedback SYSTEM \"file:///etc/passwd\"><feedback>" META POLICY REC1 "</feedback>", { NULL },
	    "DTD", 0 },
	{ "C10 a thousand laughs", "<?xml version=\"1.0\"?><!DOCTYPE f [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>"
	    "<feedback>" META POLICY "<record>&b;</record></feedback>", { NULL }, "DTD", 0 },
	{ "C10 entity without a DTD", WITH(REC_(ROW_(IP1, N("&lol;"), EVAL), IDENT, AUTH)), { NULL }, "every row", 0 },
	{ "AX6 E8 R5 decimals", DOC(RANGE("<begin>1337270400.0</begin>", "<end>1337356799.0</end>") POLICY REC1),
	    { "begin=1337270400 end=1337356799", "time-form," }, NULL, 0 },
	{ "AX7 X10 blanks in a value", DOC(RANGE("<begin>1524182400</begin>", "<end>1524268799 </end>") POLICY REC1),
	    { "end=1524268799" }, "quirks=t", 0 },
	{ "AX8 E8 R5 milliseconds", DOC(RANGE("<begin>1722816000000</begin>", "<end>1722902399000</end>") POLICY REC1),
	    { "begin=1722816000 end=1722902399", "time-ms," }, NULL, 0 },
	{ "AX9 D1 R1 empty org_name", DOC(META_("<org_name></org_name>", "<email>admin@rep.example</email>", ID, BEGIN_END) POLICY REC1),
	    { "org=[rep.example]", "org-derived,", " repaired " }, NULL, 0 },
	{ "AX10 X9 stray text", DOC(META POL("<p>none</p><sp>none</sp>11<pct>100</pct>") REC1), { "sp=[none]", "pct=[100]", "stray-text," },
	    NULL, 0 },
	{ "AX11 C5 X7 R3 brackets in an address", DOC(META_(ORG, "<email><a@b.example></email>", ID, BEGIN_END) POLICY REC1 REC2),
	    { "row 2", ROW1, "recovered,", " repaired " }, NULL, 0 },
	{ "AX12 D17 W2 record without source_ip among three", WITH(REC1 REC("", N("3"), EVAL) REC3),
	    { "row 1", "row 2 len=0 count=3", "row 3", "records=3 refused=0 ok-with-notes", "no-address," }, " ip=[] ", 0 },
	{ "AX13 W1 count 0 and all empty", WITH("<record><row><source_ip></source_ip><count>0</count><policy_evaluated/></row>"
	    "<identifiers><header_from></header_from></identifiers><auth_results/></record>"), { " empty ", "empty-report," }, NULL, 0 },
	{ "AX14 E4 W5 Pass in an old report", EVALS("<disposition>Pass</disposition><dkim>pass</dkim><spf>pass</spf>"),
	    { "disp=pass", "case-folded," }, "disp-word", 0 },
	{ "AX15 E4 W5 softfail as disposition", EVALS("<disposition>softfail</disposition>"), { "disp=other", "disp-word=[softfail]",
	    "disposition-word," }, NULL, 0 },
	{ "AX15 E4 W5 empty disposition", EVALS("<disposition></disposition>"), { "disp=other", "disposition-word," }, NULL, 0 },
	{ "D19 W4 no disposition", EVALS(""), { "disp=other dkim=unknown spf=unknown" }, NULL, 0 },
	{ "AX16 D15 W7 W10 reason as text", EVALS("<disposition>none</disposition><reason>sampled_out</reason>"), { "reason( type=[sampled_out])",
	    "reason-text," }, NULL, 0 },
	{ "AX17 D15 W8 empty reason", EVALS("<reason><type></type><comment></comment></reason><reason/>"), { "row 1" }, "reason(", 0 },
	{ "W11 D15 several reasons", EVALS("<reason><type>forwarded</type></reason><reason><comment>c</comment></reason>"),
	    { "reason( type=[forwarded]) reason( comment=[c])" }, NULL, 0 },
	{ "AX18 D8 I1 identities", IDENTS("<identities><header_from>x.example</header_from></identities>"), { "from=[x.example]", "identities," },
	    "derived", 0 },
	{ "AX19 D12 I7 NULL as domain", AUTHS("<spf><domain>NULL</domain><result>none</result></spf>"), { "spf(none)" }, NULL, 0 },
	{ "AX20 E2 I11 hardfail", AUTHS("<spf><domain>a.example</domain><result>hardfail</result></spf>"), { "spf(fail d=[a.example] word=[hardfail])",
	    "result-alias," }, NULL, 0 },
	{ "AX21 E2 I12 unknown and error", AUTHS("<spf><result>unknown</result></spf><spf><result>error</result></spf>"),
	    { "spf(temperror word=[unknown]) spf(permerror word=[error])" }, NULL, 0 },
	{ "AX22 I14 dkim with empty parts", AUTHS("<dkim><result>fail</result><domain></domain><selector></selector></dkim>"), { "dkim(fail)" },
	    NULL, 0 },
	{ "AX23 D11 I6 text as auth_results", IDENTS(IDENT "<auth_results>text</auth_results>"), { "row 1" }, "dkim(fail", 0 },
	{ "AX23 D11 I6 no auth_results", WITH(REC_(ROW_(IP1, N("1"), EVAL), IDENT, "")), { "row 1", "no-results," }, NULL, 0 },
	{ "AX24 C14 unknown element with a known one inside", DOC(META POL("<foo><domain>evil.example</domain></foo><p>none</p>") REC1),
	    { "domain=[example.com]", "unknown-element,", "unknown=[feedback/policy_published/foo\n]" }, "evil", 0 },
	{ "AX25 D5 X13 two policies", DOC(META POLICY "<policy_published><domain>b.example</domain><p>reject</p></policy_published>" REC1),
	    { "domain=[example.com] p=[none]", "second-policy," }, "reject", 0 },
	{ "AX26 D18 W2 forms of addresses", WITH(REC("<source_ip>::ffff:192.0.2.1</source_ip>", N("1"), EVAL)
	    REC("<source_ip>[2001:db8::1]</source_ip>", N("1"), EVAL) REC("<source_ip> 2001:DB8::1\n</source_ip>", N("1"), EVAL)),
	    { "row 1 len=4", "hex=c0000201", "row 2 len=16", "hex=20010db8000000000000000000000001" }, NULL, 0 },
	{ "AX27 D18 W2 no address", WITH(REC("<source_ip>X.X.X.X</source_ip>", N("5"), EVAL)), { "row 1 len=0 count=5", "ip=[X.X.X.X]",
	    "bad-address,", "records=1 refused=0" }, NULL, 0 },
	{ "AX28 X11 B7 cut in the third record", DECL "<feedback>" META POLICY REC1 REC2 "<record><row><source_ip>192.0.2.3</sou", { NULL }, "", 0 },
	{ "AX28 X11 B7 cut behind a record", DECL "<feedback>" META POLICY REC1 REC2, { NULL }, "", 0 },
	{ "AX28 X11 B7 cut in the end tag", DECL "<feedback>" META POLICY REC1 REC2 "</feedb", { NULL }, "", 0 },
	{ "AX28 X11 B7 cut in the policy", DECL "<feedback>" META "<policy_published><domain>exa", { NULL }, "", 0 },
	{ "AX29 X15 C13 records first", DOC(REC1 REC2 POLICY META), { HEAD1, ROW1, "row 2", "header-last," }, NULL, 0 },
	{ "X15 C13 metadata behind the rows", DOC(POLICY REC1 META), { HEAD1, ROW1, "header-last," }, NULL, 0 },
	{ "AX30 D10 I2 empty envelope_from", IDENTS("<identifiers><envelope_from></envelope_from><header_from>example.com</header_from></identifiers>"),
	    { "from=[example.com] ef=[]" }, NULL, 0 },
	{ "I2 D10 no envelope_from", WITH(REC1), { "row 1" }, "ef=", 0 },
	{ "I3 address as envelope_from", IDENTS("<identifiers><envelope_from>Bounce@Send.Example.NET.</envelope_from><header_from>&lt;a@Example.com&gt;"
	    "</header_from></identifiers>"), { "ef=[send.example.net]", "from=[example.com]", "domain-form," }, NULL, 0 },
	{ "I3 <> as envelope_from", IDENTS("<identifiers><envelope_from>&lt;&gt;</envelope_from><header_from>example.com</header_from></identifiers>"),
	    { "ef=[]" }, NULL, 0 },
	{ "AX31 C3 X2 windows-1252 declared, UTF-8 sent", "<?xml version=\"1.0\" encoding=\"windows-1252\"?><feedback>"
	    META_("<org_name>r\xc3\xa9p</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1 "</feedback>", { "row 1" }, NULL, 0 },
	{ "AX31 C4 X2 UTF-8 declared, a stray byte", WITH(REC_(ROW_(IP1, N("1"), EVAL), "<identifiers><header_from>exa\xe9mple.com</header_from></identifiers>",
	    AUTH)), { "\xef\xbf\xbd", "encoding,", " repaired " }, NULL, 0 },
	{ "C4 X2 a quote of windows in the header", DOC(META_("<org_name>rep\x91s</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1),
	    { "org=[rep\xef\xbf\xbds]", "encoding," }, NULL, 0 },
	{ "C3 X2 iso-8859-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><feedback>" META_("<org_name>r\xe9p</org_name>", EMAIL, ID, BEGIN_END)
	    POLICY REC1 "</feedback>", { "org=[r\xc3\xa9p]" }, "encoding,", 0 },
	{ "C3 X2 unknown label, UTF-8", "<?xml version=\"1.0\" encoding=\"x-mystery\"?><feedback>" META_("<org_name>r\xc3\xa9p</org_name>", EMAIL, ID,
	    BEGIN_END) POLICY REC1 "</feedback>", { "org=[r\xc3\xa9p]" }, NULL, 0 },
	{ "C3 X2 unknown label, Latin-1", "<?xml version=\"1.0\" encoding=\"x-mystery\"?><feedback>" META_("<org_name>r\xe9p</org_name>", EMAIL, ID,
	    BEGIN_END) POLICY REC1 "</feedback>", { "org=[r\xc3\xa9p]", "encoding," }, NULL, 0 },
	{ "C4 X2 U+FFFE and U+FFFF", DOC(META_("<org_name>r\xef\xbf\xbe\xef\xbf\xbf</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1),
	    { "org=[r\xef\xbf\xbd\xef\xbf\xbd]", "encoding,", ROW1 }, NULL, 0 },
	{ "C3 X2 a charset that no report is written in", "<?xml version=\"1.0\" encoding='IBM1047'?><feedback>" META_("<org_name>r\xe9p</org_name>", EMAIL, ID,
	    BEGIN_END) POLICY REC1 "</feedback>", { "org=[r\xc3\xa9p]", ROW1 }, NULL, 0 },
	{ "C3 X2 utf-16 declared, UTF-8 sent", "<?xml version=\"1.0\" encoding=\"utf-16\"?><feedback>" META POLICY REC1 "</feedback>", { ROW1 }, NULL, 0 },
	{ "AX33 P3 monitor", DOC(META POL("<p>monitor</p>") REC1), { "p=[monitor]", "policy-word," }, NULL, 0 },
	{ "AX34 C11 attribute on a text", EVALS("<reason><type>other</type><comment lang=\"de\">Weiterleitung</comment></reason>"),
	    { "reason( type=[other] comment=[Weiterleitung])" }, NULL, 0 },
	{ "AX35 D20 W3 forms of counts", WITH(REC(IP1, N("12.0"), EVAL) REC(IP1, N(" 007 "), EVAL) REC(IP1, N("0"), EVAL)),
	    { "row 1 len=4 count=12 ", "row 2 len=4 count=7 ", "row 3 len=4 count=0 ", "refused=0" }, NULL, 0 },
	{ "AX35 largest count", WITH(REC(IP1, N("9223372036854775807"), EVAL)), { "count=9223372036854775807" }, NULL, 0 },
	{ "AX36 D20 W3 no count", WITH(REC(IP1, "", EVAL) REC2), { "row 1 len=4 count=0", "row 2", "refused=0", "count-missing," }, "partial", 0 },
	{ "AX36 D20 W3 empty count", WITH(REC(IP1, N(""), EVAL)), { "row 1 len=4 count=0", "refused=0", "count-missing," }, "partial", 0 },
	{ "AX37 D20 W3 bad count among three", WITH(REC1 REC(IP1, N("-1"), EVAL) REC3), { "row 1", "refused 2 line=", "count \"-1\"", "row 3",
	    "records=3 refused=1 partial", "row-refused," }, "row 2", 0 },
	{ "AX37 the only row", WITH(REC(IP1, N("1e3"), EVAL)), { NULL }, "every row was refused", 0 },
	{ "AX37 the sum passes 2^63-1", WITH(REC(IP1, N("9223372036854775807"), EVAL) REC(IP1, N("1"), EVAL)), { "row 1", "refused 2",
	    "partial" }, NULL, 0 },
	{ "AX38 E5 W6 neutral in policy_evaluated", EVALS("<disposition>none</disposition><dkim>neutral</dkim><spf>pass</spf>"),
	    { "dkim=unknown spf=pass", "dkim-word=[neutral]", "evaluated-word," }, NULL, 0 },
	{ "AX40 E8 R6 begin after end", DOC(RANGE("<begin>1722902399</begin>", "<end>1722816000</end>") POLICY REC1),
	    { "begin=1722816000 end=1722902399", "time-swapped," }, NULL, 0 },
	{ "AX41 P8 no policy_published", DOC(META REC1), { NULL }, "policy_published", 0 },
	{ "AX41 P8 no report_metadata", DOC(POLICY REC1), { NULL }, "report_metadata", 0 },
	{ "AX41 neither, and no rows", DOC(""), { NULL }, "report_metadata", 0 },
	{ "P8 policy without a domain", DOC(META "<policy_published><p>none</p></policy_published>" REC1), { NULL }, "domain", 0 },
	/* times */
	{ "R5 no dates at all", DOC(META_(ORG, EMAIL, ID, "") POLICY REC1), { NULL }, "date_range", 0 },
	{ "R5 E8 only an end", DOC(RANGE("", "<end>1722902399</end>") POLICY REC1), { "begin=1722816000 end=1722902399", "time-missing," }, NULL, 0 },
	{ "R5 E8 ISO dates", DOC(RANGE("<begin>2024-08-05T00:00:00Z</begin>", "<end>2024-08-05T23:59:59Z</end>") POLICY REC1),
	    { "begin=1722816000 end=1722902399" }, NULL, 0 },
	{ "DY7 R6 begin = end", DOC(RANGE("<begin>1722816000</begin>", "<end>1722816000</end>") POLICY REC1), { "time-equal," }, "time-long", 0 },
	{ "DY3 E9 36 hours", DOC(RANGE("<begin>1722816000</begin>", "<end>1722945600</end>") POLICY REC1), { "row 1" }, "time-long", 0 },
	{ "DY4 E9 R8 more than 36 hours", DOC(RANGE("<begin>1722816000</begin>", "<end>1722945601</end>") POLICY REC1), { "time-long," }, NULL, 0 },
	{ "E8 the year 2038 and later", DOC(RANGE("<begin>4102444800</begin>", "<end>4102531199</end>") POLICY REC1), { "time-implausible," }, NULL, 0 },
	/* metadata */
	{ "D4 R4 DU5 brackets around the id", DOC(META_(ORG, EMAIL, "<report_id>&lt;x@y&gt;</report_id>", BEGIN_END) POLICY REC1), { "id=[x@y]" }, NULL, 0 },
	{ "R4 odd id", DOC(META_(ORG, EMAIL, "<report_id>a:1 +2=$@b</report_id>", BEGIN_END) POLICY REC1), { "id=[a:1 +2=$@b]" }, NULL, 0 },
	{ "R1 no org, no email", DOC(META_("", "", ID, BEGIN_END) POLICY REC1), { "report id=[id1]" }, NULL, 0 },
	{ "D2 R3 empty email", DOC(META_(ORG, "<email lang=\"x\"></email>", ID, BEGIN_END) POLICY REC1), { "org=[rep.example] id=" }, NULL, 0 },
	{ "D23 R10 several errors", DOC("<report_metadata>" ORG EMAIL ID BEGIN_END "<error>one</error><error>two</error></report_metadata>" POLICY REC1),
	    { "errors=[one\ntwo]" }, NULL, 0 },
	{ "R9 D7 version", DOC("<version>1.0</version>" META POLICY REC1), { "version=[1.0]", " rfc7489 " }, NULL, 0 },
	{ "R9 version in the wrong place", DOC("<report_metadata><version>2</version>" ORG EMAIL ID BEGIN_END "</report_metadata>" POLICY REC1),
	    { "version=[2]", " draft " }, NULL, 0 },
	{ "R11 markup in contact info", DOC("<report_metadata>" ORG EMAIL "<extra_contact_info>&lt;a href='x'&gt;</extra_contact_info>" ID BEGIN_END
	    "</report_metadata>" POLICY REC1), { "extra=[<a href='x'>]" }, NULL, 0 },
	{ "REPEATED a value twice", DOC("<report_metadata>" ORG ORG EMAIL ID BEGIN_END "</report_metadata>" POLICY REC1), { "org=[rep.example] email",
	    "repeated," }, NULL, 0 },
	/* policy */
	{ "P1 D6 no sp", DOC(META POL("<p>reject</p>") REC1), { "p=[reject]\n" }, NULL, 0 },
	{ "D6 P1 empty sp", DOC(META POL("<p>reject</p><sp></sp>") REC1), { "p=[reject] sp=[]" }, "policy-word", 0 },
	{ "P3 E1 upper case", DOC(META POL("<p>REJECT</p>") REC1), { "p=[reject]", "case-folded," }, "policy-word", 0 },
	{ "P4 np beside pct", DOC("<version>1.0</version>" META POL("<p>none</p><np>reject</np><pct>100</pct>") REC1), { "np=[reject]",
	    "rfc9990-no-ns" }, NULL, 0 },
	{ "P5 D7 pct 100%", DOC(META POL("<p>none</p><pct>100%</pct>") REC1), { "pct=[100%]" }, "pct-form", 0 },
	{ "P5 pct 100.0", DOC(META POL("<p>none</p><pct>100.0</pct>") REC1), { "pct=[100.0]" }, "pct-form", 0 },
	{ "P5 pct 101", DOC(META POL("<p>none</p><pct>101</pct>") REC1), { "pct=[101]", "pct-form," }, NULL, 0 },
	{ "P5 pct -1", DOC(META POL("<p>none</p><pct>-1</pct>") REC1), { "pct=[-1]", "pct-form," }, NULL, 0 },
	{ "P6 E10 domain forms", DOC(META "<policy_published><domain> Ex\xc3\xa4mple.COM. </domain><p>none</p></policy_published>" REC1),
	    { "domain=[xn--exmple-cua.com]", "domain-form," }, NULL, 0 },
	{ "C13 any order", DOC(POL("<sp>none</sp><p>none</p><adkim>s</adkim>") META REC1), { "domain=[example.com] p=[none] sp=[none] adkim=[s]" },
	    NULL, 0 },
	{ "E11 E12 P7 testing, np, discovery_method", DOC(META POL("<p>none</p><testing>Y</testing><discovery_method>treewalk</discovery_method><fo>0:d</fo>")
	    REC1), { "fo=[0:d] testing=[Y] discovery=[treewalk]" }, NULL, 0 },
	/* rows */
	{ "D16 W1 no rows", DOC(META POLICY), { HEAD1, "records=0 refused=0 empty", "empty-report," }, NULL, 0 },
	{ "D9 I4 no header_from", IDENTS("<identifiers/>"), { "derived", "from=[example.com]", "header-from-derived," }, NULL, 0 },
	{ "D9 no identifiers", WITH(REC_(ROW_(IP1, N("1"), EVAL), "", AUTH)), { "derived", "no-identifiers," }, NULL, 0 },
	{ "D19 W4 no policy_evaluated", WITH(REC(IP1, N("1"), "")), { "dkim=unknown spf=unknown", "no-evaluated," }, NULL, 0 },
	{ "I5 envelope_to", IDENTS("<identifiers><envelope_to>r.example</envelope_to><header_from>example.com</header_from></identifiers>"),
	    { "et=[r.example]" }, NULL, 0 },
	{ "I9 E6 I10 scopes", AUTHS("<spf><scope>MAIL FROM</scope><result>pass</result></spf><spf><scope>mailfrom</scope><result>pass</result></spf>"
	    "<spf><scope>HELO</scope><result>pass</result></spf><spf><scope>pra</scope><result>pass</result></spf>"),
	    { "spf(pass w=[mfrom]) spf(pass w=[mfrom]) spf(pass w=[helo]) spf(pass w=[pra])" }, NULL, 0 },
	{ "D13 I16 several, in order", AUTHS("<spf><result>none</result></spf><dkim><domain>a.example</domain><result>fail</result></dkim><dkim><domain>"
	    "b.example</domain><result>pass</result><human_result>ok</human_result></dkim>"),
	    { "dkim(fail d=[a.example]) dkim(pass d=[b.example] human=[ok]) spf(none)" }, NULL, 0 },
	{ "I18 @ in a signature's domain", AUTHS("<dkim><domain>@Example.com</domain><result>pass</result></dkim>"), { "dkim(pass d=[example.com])" },
	    NULL, 0 },
	{ "I15 D14 empty selector", AUTHS("<dkim><domain>example.com</domain><selector/><result>pass</result></dkim>"), { "dkim(pass d=[example.com])" },
	    "w=[]", 0 },
	{ "D12 I14 empty dkim and spf", AUTHS("<dkim/><spf><domain/></spf>"), { "row 1" }, "spf(", 0 },
	{ "E3 I13 invalid with a text", AUTHS("<dkim><domain>example.com</domain><result>invalid (public key: DNS error)</result></dkim>"),
	    { "dkim(permerror d=[example.com] word=[invalid (public key: DNS error)])" }, NULL, 0 },
	/* text */
	{ "C1 X1 no declaration, one line", "<feedback>" META POLICY REC1 "</feedback>", { ROW1, " ok ", "no-declaration," }, NULL, 0 },
	{ "C2 X1 blank lines and a BOM in front", "\xef\xbb\xbf\r\n\r\n" WITH(REC1), { ROW1 }, NULL, 0 },
	{ "C2 X1 blank lines before the declaration", "\n\n \t" WITH(REC1), { ROW1, "leading-junk," }, NULL, 0 },
	{ "C2 X1 comment before the root", DECL "<!-- made by us -->\n<feedback>" META POLICY REC1 "</feedback>", { ROW1 }, NULL, 0 },
	{ "C11 attributes", DOC("<report_metadata a=\"b\">" ORG EMAIL ID BEGIN_END "</report_metadata>" POLICY REC1), { HEAD1 }, NULL, 0 },
	{ "C12 X12 CDATA", DOC(META_("<org_name><![CDATA[rep]]>.exa<![CDATA[mple]]></org_name>", EMAIL, ID, BEGIN_END) POLICY REC1), { HEAD1 }, NULL, 0 },
	{ "C12 references", DOC(META_("<org_name>rep&#46;ex&#x61;mple</org_name>", EMAIL, "<report_id>&lt;a&amp;b&gt;</report_id>", BEGIN_END) POLICY
	    REC1), { "org=[rep.example]", "id=[a&b]" }, NULL, 0 },
	{ "X12 C12 comment inside a value", DOC(META_("<org_name>rep.<!-- x -->example</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1), { HEAD1 }, NULL, 0 },
	{ "X9 tabs behind each line", DOC(META "\t\n" POLICY "\t\n" REC1 "\t\n"), { ROW1 }, "stray", 0 },
	{ "X4 C9 namespaces of Microsoft", DECL "<feedback xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">" META POLICY REC1 "</feedback>", { ROW1, " ok " }, NULL, 0 },
	{ "C9 schemaLocation", DECL "<feedback xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	    "xsi:schemaLocation=\"urn:x report.xsd\">" META POLICY REC1 "</feedback>", { ROW1 }, NULL, 0 },
	{ "C9 undeclared prefix", DECL "<tns:feedback>" META POLICY REC1 "</tns:feedback>", { ROW1 }, NULL, 0 },
	{ "C14 extension", DOC(META POLICY "<extension><foo><record/></foo></extension>" REC1), { ROW1, "records=1" }, "unknown-element", 0 },
	{ "C14 C9 other namespace", DECL "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\" xmlns:v=\"urn:x-vendor\">" META POLICY
	    "<v:record><row><count>9</count></row></v:record>" REC1 "</feedback>", { ROW1, "records=1" }, NULL, 0 },
	{ "C8 X7 bare ampersand in a comment", EVALS("<reason><type>other</type><comment>a & b</comment></reason>"), { "comment=[a & b]", "recovered,",
	    "repaired" }, NULL, 0 },
	{ "C8 X7 bare ampersand in the name", DOC(META_("<org_name>A & B</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1), { "org=[A & B]", "recovered," },
	    NULL, 0 },
	{ "C8 control character", DOC(META_("<org_name>rep\x01.example</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1), { HEAD1, "repaired" }, NULL, 0 },
	{ "C5 X7 < in human_result", AUTHS("<dkim><domain>example.com</domain><result>fail</result><human_result>1 < 2</human_result></dkim>"),
	    { "human=[1 < 2]", "recovered," }, NULL, 0 },
	{ "C5 X7 < in header_from", IDENTS("<identifiers><header_from>bad<xml.net</header_from></identifiers>"), { "from=[bad<xml.net]", "bad-domain,",
	    "recovered," }, NULL, 0 },
	{ "X6 C6 xs:schema in front", DECL "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"x\">\n<feedback>" META POLICY
	    REC1 "</feedback>", { HEAD1, ROW1, "wrapped," }, NULL, 0 },
	{ "X6 C6 xs:schema that ends in between", "<xs:schema>\n<feedback>" META "</xs:schema>" POLICY REC1 "</feedback>\n", { HEAD1, ROW1,
	    "recovered," }, NULL, 0 },
	{ "X6 C6 xs:schema without its namespace", DECL "<xs:schema>\n<feedback>" META POLICY REC1 "</feedback>\n", { HEAD1, ROW1 }, NULL, 0 },
	{ "C7 X8 misspelt end tag of a leaf", DOC(META_(ORG, EMAIL, "<report_id>id1</reprot_id>", BEGIN_END) POLICY REC1), { HEAD1, ROW1, "recovered,",
	    "repaired" }, NULL, 0 },
	{ "C7 X8 end tag without <", DOC(META_(ORG, EMAIL, "<report_id>id1/report_id>", BEGIN_END) POLICY REC1), { HEAD1, ROW1, "recovered," }, NULL, 0 },
	{ "C7 X8 end tag of a leaf missing", DOC(META POLICY REC_("<row>" IP1 "<count>2" EVAL "</row>", IDENT, AUTH)), { ROW1, "recovered," }, NULL, 0 },
	{ "C7 end tag of a container missing", DOC(META POLICY REC_("<row>" IP1 N("2") EVAL, IDENT, AUTH) REC2), { ROW1, "row 2", "recovered," },
	    NULL, 0 },
	{ "C7 end tag of a record misspelt", DOC(META POLICY "<record>" ROW_(IP1, N("2"), EVAL) IDENT AUTH "</recrod>" REC2), { ROW1, "row 2",
	    "records=2", "recovered," }, NULL, 0 },
	{ "C7 end tag of feedback misspelt", DECL "<feedback>" META POLICY REC1 "</feedbak>", { ROW1, "records=1", "recovered," }, NULL, 0 },
	{ "C7 stray end tag", DOC(META POLICY "</foo>" REC1), { ROW1, "recovered," }, NULL, 0 },
	{ "C7 end of the metadata missing", DECL "<feedback><report_metadata>" ORG EMAIL ID BEGIN_END POLICY REC1 "</feedback>", { HEAD1, ROW1,
	    "recovered," }, NULL, 0 },
	{ "C7 X8 a start tag that is cut off", WITH("<record><row><source_ip>192.0.2.1</source_ip><count2</count></row>" IDENT AUTH "</record>"), { NULL },
	    "", 0 },
	{ "X14 wrapped once", DECL "<x>" "<feedback>" META POLICY REC1 "</feedback>" "</x>", { HEAD1, ROW1, "wrapped," }, NULL, 0 },
	{ "X14 wrapped twice", DECL "<x><y>" "<feedback>" META POLICY REC1 "</feedback>" "</y></x>", { HEAD1, ROW1, "wrapped," }, NULL, 0 },
	{ "X14 two reports one after another", DECL "<feedback>" META POLICY REC1 "</feedback>\n<feedback>"
	    META_(ORG, EMAIL, "<report_id>id2</report_id>", BEGIN_END) POLICY REC2 "</feedback>",
	    { HEAD1, ROW1, "end records=1", "id=[id2]", "192.0.2.2" }, NULL, 0 },
	{ "X14 two reports, each with its declaration", WITH(REC1) DOC(META_(ORG, EMAIL, "<report_id>id2</report_id>", BEGIN_END) POLICY REC2),
	    { HEAD1, ROW1, "end records=1", "id=[id2]", "192.0.2.2" }, NULL, 0 },
	{ "X14 two reports in a wrapper", DECL "<x><feedback>" META POLICY REC1 "</feedback><feedback>"
	    META_(ORG, EMAIL, "<report_id>id2</report_id>", BEGIN_END) POLICY REC2 "</feedback></x>",
	    { HEAD1, ROW1, "wrapped,", "id=[id2]", "192.0.2.2" }, NULL, 0 },
	{ "D3 R2 names as sent", DOC(META_("<org_name>  Enterprise Outlook, Inc. </org_name>", EMAIL, ID, BEGIN_END) POLICY REC1),
	    { "org=[Enterprise Outlook, Inc.]", " ok " }, NULL, 0 },
	{ "D3 R2 a host as the name", DOC(META_("<org_name>mx1.Rep.Example</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1),
	    { "org=[mx1.Rep.Example]" }, NULL, 0 },
	{ "R3 D2 email with a name and markup", DOC(META_(ORG, "<email><a/>Reports &lt;d@rep.example&gt;</email>", ID, BEGIN_END) POLICY REC1),
	    { "email=[Reports <d@rep.example>]", "row 1" }, NULL, 0 },
	{ "D7 P2 nothing but p", DOC(META POL("<p>none</p>") REC1), { "domain=[example.com] p=[none]\n", " ok " }, NULL, 0 },
	{ "D7 P2 all of it empty", DOC(META POL("<p>none</p><adkim/><aspf></aspf><fo> </fo><pct></pct><testing/>") REC1),
	    { "p=[none] adkim=[] aspf=[] pct=[] fo=[] testing=[]", "row 1" }, "pct-form", 0 },
	{ "D7 P5 pct that is no number", DOC(META POL("<p>none</p><pct>all</pct>") REC1), { "pct=[all]", "pct-form," }, NULL, 0 },
	{ "E12 fo in its forms", DOC(META POL("<p>none</p><fo> 1:d:s </fo>") REC1), { "fo=[1:d:s]" }, NULL, 0 },
	{ "P7 E11 testing in other words", DOC(META POL("<p>none</p><testing>true</testing>") REC1), { "testing=[true]", "rfc9990-no-ns" }, NULL, 0 },
	{ "D14 I8 I15 neither selector, scope nor result", AUTHS("<dkim><domain>example.com</domain></dkim><spf><domain>example.net</domain></spf>"),
	    { "dkim(absent d=[example.com]) spf(absent d=[example.net])" }, "w=", 0 },
	{ "I8 D14 no scope", AUTHS("<spf><domain>example.com</domain><result>pass</result></spf>"), { "spf(pass d=[example.com])" }, "w=[", 0 },
	{ "D12 I7 no spf at all", AUTHS("<dkim><domain>example.com</domain><result>pass</result></dkim>"), { "dkim(pass d=[example.com])" }, "spf(", 0 },
	{ "I7 D12 words for no domain", AUTHS("<spf><domain>(null)</domain><result>fail</result></spf><spf><domain>none</domain>"
	    "<result>none</result></spf><spf><domain></domain><scope>helo</scope><result>pass</result></spf>"),
	    { "spf(fail) spf(none) spf(pass w=[helo])" }, " d=[", 0 },
	{ "D22 each row its own header_from", DOC(META POLICY REC_(ROW_(IP1, N("1"), EVAL), "<identifiers><header_from>a.example.com</header_from>"
	    "</identifiers>", AUTH) REC_(ROW_(IP1, N("2"), EVAL), "<identifiers><header_from>example.org</header_from></identifiers>", AUTH)),
	    { "domain=[example.com]", "from=[a.example.com]", "from=[example.org]", "records=2" }, "derived", 0 },
	{ "E6 I9 scopes in capitals and blanks", AUTHS("<spf><scope> MFROM </scope><result>pass</result></spf><spf><scope>HELO</scope>"
	    "<result>none</result></spf><spf><scope></scope><result>none</result></spf>"), { "spf(pass w=[mfrom]) spf(none w=[helo]) spf(none)" }, NULL, 0 },
	{ "E7 W9 W10 reasons of every standard and of none", EVALS("<reason><type>sampled_out</type></reason><reason><type>policy_test_mode</type>"
	    "</reason><reason><type>local_policy</type><comment>arc=pass as[1].d=example.org</comment></reason><reason><type>Our Word</type></reason>"),
	    { "reason( type=[sampled_out]) reason( type=[policy_test_mode]) reason( type=[local_policy] comment=[arc=pass as[1].d=example.org]) "
	    "reason( type=[Our Word])" }, NULL, 0 },
	{ "E1 X10 capitals and blanks in every word", AUTHS("<dkim><domain>example.com</domain><result> PASS\n</result></dkim><spf><result>\tSoftFail </result>"
	    "</spf>"), { "dkim(pass d=[example.com]) spf(softfail)", "case-folded," }, NULL, 0 },
	{ "E10 one domain in every spelling", DOC(META "<policy_published><domain>EXAMPLE.com.</domain><p>none</p></policy_published>"
	    REC_(ROW_(IP1, N("1"), EVAL), "<identifiers><header_from> Example.COM </header_from></identifiers>",
	    "<auth_results><dkim><domain>Example.Com.</domain><result>pass</result></dkim></auth_results>")),
	    { "domain=[example.com]", "from=[example.com]", "d=[example.com]", "domain-form," }, NULL, 0 },
	{ "E9 R8 a week", DOC(RANGE("<begin>1722211200</begin>", "<end>1722815999</end>") POLICY REC1), { "row 1", "time-long,", "ok-with-notes" }, NULL, 0 },
	{ "E9 R7 an hour that fits no day", DOC(RANGE("<begin>1722819600</begin>", "<end>1722823200</end>") POLICY REC1),
	    { "begin=1722819600 end=1722823200", " ok " }, NULL, 0 },
	{ "R7 the end is the next midnight", DOC(RANGE("<begin>1722816000</begin>", "<end>1722902400</end>") POLICY REC1),
	    { "end=1722902400", " ok " }, NULL, 0 },
	{ "X5 C9 the new namespace with old contents", DECL "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\"><version>1.0</version>" META
	    POL("<p>none</p><discovery_method>psl</discovery_method>") REC1 "</feedback>", { "domain=[example.com] p=[none] discovery=[psl]", ROW1, "version=[1.0]", "rfc9990 " }, NULL, 0 },
	{ "I17 results that contradict the evaluation", WITH(REC_(ROW_(IP1, N("1"), EVAL), IDENT, "<auth_results><dkim><domain>example.net</domain>"
	    "<result>fail</result></dkim></auth_results>")), { "dkim=pass spf=fail", "dkim(fail d=[example.net])" }, NULL, 0 },
	{ "X14 records between two reports are nobody's", DECL "<feedback>" META POLICY REC1 "</feedback>" REC3 "<feedback>"
	    META_(ORG, EMAIL, "<report_id>id2</report_id>", BEGIN_END) POLICY REC2 "</feedback>",
	    { HEAD1, ROW1, "end records=1", "id=[id2]", "192.0.2.2" }, "192.0.2.3", 0 },
	{ "TRAILING junk behind the end", WITH(REC1) "\n-- \nDisclaimer & such\n", { HEAD1, ROW1, "trailing-junk," }, NULL, 0 },
	{ "B8 HTML page", "<!DOCTYPE html><html><head><title>502</title></head><body>Bad Gateway</body></html>", { NULL }, "", 0 },
	{ "B8 other XML", DECL "<rss version=\"2.0\"><channel><item>feedback</item></channel></rss>", { NULL }, "", 0 },
	{ "B8 not XML", "unused", { NULL }, "", 0 },
	{ "B8 nothing", "", { NULL }, "", 0 },
};

static const char	 utf16[] = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><feedback>" META POLICY REC1 "</feedback>";

static void
wanted(const struct doc_case *c, const char *how, int rv, const struct recorder *r, const struct err *e)
{
	const char	*text = r->text.p == NULL ? "" : r->text.p;

	if (c->has[0] == NULL) {
		if (rv != -1 || r->text.len != 0)
			fail_msg("%s: it was not refused\n%s", how, text);
		if (e->code != ERR_INPUT || strstr(e->msg, c->hasnt) == NULL)
			fail_msg("%s: the sentence is \"%s\"", how, e->msg);
		return;
	}
	if (rv != 0)
		fail_msg("%s: %s", how, e->msg);
	for (size_t i = 0; i < nitems(c->has) && c->has[i] != NULL; i++)
		if (strstr(text, c->has[i]) == NULL)
			fail_msg("%s: there is no \"%s\" in\n%s", how, c->has[i], text);
	if (c->hasnt != NULL && strstr(text, c->hasnt) != NULL)
		fail_msg("%s: there is \"%s\" in\n%s", how, c->hasnt, text);
}

/* So long that it is not collected first; the comment stands where it changes nothing. */
static void
pad(struct str doc, struct buf *out)
{
	static char	 blanks[600000];
	const char	*at = memmem(doc.p, doc.len, "?>", 2);

	memset(blanks, ' ', sizeof(blanks));
	if (at != NULL)
		at += 2;
	else if ((at = memchr(doc.p, '<', doc.len)) == NULL)
		at = doc.p;
	(void)buf_add(out, doc.p, (size_t)(at - doc.p));
	(void)buf_cstr(out, "<!--");
	(void)buf_add(out, blanks, sizeof(blanks));
	(void)buf_cstr(out, "-->");
	(void)buf_add(out, at, doc.len - (size_t)(at - doc.p));
}

static void
test_doc(void **state)
{
	static const size_t	 pieces[] = { 0, 1, 7, 0, 997 };
	static const char *const hows[] = { "at once", "byte by byte", "in sevens", "as a stream", "as a stream in pieces" };
	const struct doc_case	*c = *state;
	struct recorder		 r = { 0 };
	struct buf		 padded = { 0 }, first = { 0 };
	struct str		 doc;

	pad(str_of(c->doc), &padded);
	for (size_t i = 0; i < nitems(pieces); i++) {
		struct err	 e = { 0 };
		int		 rv;

		if (i >= 3 && strchr(c->doc, '<') == NULL)
			break;	/* a comment would make XML of it */
		doc = i >= 3 ? buf_as_str(&padded) : str_of(c->doc);
		recorder_clear(&r);
		rv = recorder_read(&r, &limits_default, NULL, doc, i == 3 ? 65536 : pieces[i], &e);
		wanted(c, hows[i], rv, &r, &e);
		if (i == 0)
			(void)buf_str(&first, buf_as_str(&r.text));
		else if (!str_eq(buf_as_str(&first), buf_as_str(&r.text)))
			fail_msg("%s it is not the same:\n%s\n%s", hows[i], first.p, r.text.p);
	}
	buf_free(&padded);
	buf_free(&first);
	recorder_free(&r);
}

/* --- UTF-16 (C3, X2) ------------------------------------------------------------------------------ */

static void
test_utf16(void **state)
{
	struct buf	 b = { 0 };
	struct recorder	 r = { 0 };
	struct err	 e = { 0 };
	const int	 how = *(const int *)*state;	/* bit 0: big endian, bit 1: no BOM, bit 2: long */

	if ((how & 2) == 0)
		(void)buf_add(&b, how & 1 ? "\xfe\xff" : "\xff\xfe", 2);
	for (size_t i = 0; i < sizeof(utf16) - 1; i++) {
		const char	 two[2] = { how & 1 ? '\0' : utf16[i], how & 1 ? utf16[i] : '\0' };

		(void)buf_add(&b, two, 2);
		for (int k = 0; i == 38 && (how & 4) && k < 600000; k++)
			(void)buf_add(&b, how & 1 ? "\0 " : " \0", 2);
	}
	if (recorder_read(&r, &limits_default, NULL, buf_as_str(&b), 4096, &e) != 0)
		fail_msg("%s", e.msg);
	assert_non_null(strstr(r.text.p, HEAD1));
	assert_non_null(strstr(r.text.p, ROW1));
	buf_free(&b);
	recorder_free(&r);
}

static const struct { const char *name; int how; } utf16s[] = {
	{ "X2 UTF-16, little endian", 0 }, { "X2 UTF-16, big endian", 1 },
	{ "X2 UTF-16, little endian, no mark", 2 }, { "X2 UTF-16, big endian, no mark", 3 },
	{ "X2 UTF-16, little endian, long", 4 }, { "X2 UTF-16, big endian, long", 5 },
};

/* --- Long texts (E13): whole, up to the limit ---------------------------------------------------------- */

static void
test_long(void **state)
{
	static char	 id[6001], text[60001];
	struct recorder	 r = { 0 };
	struct buf	 doc = { 0 };
	struct err	 e = { 0 };

	(void)state;
	memset(id, 'i', sizeof(id) - 1);
	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 2] = 'Z';
	(void)buf_printf(&doc, DECL "<feedback><report_metadata>" ORG EMAIL "<extra_contact_info>%s</extra_contact_info><report_id>%s</report_id>"
	    BEGIN_END "</report_metadata>" POLICY, text, id);
	(void)buf_printf(&doc, "<record><row>" IP1 N("1") "<policy_evaluated><disposition>none</disposition><reason><type>other</type>"
	    "<comment>%s</comment></reason></policy_evaluated></row>" IDENT AUTH "</record></feedback>", text);
	assert_int_equal(recorder_read(&r, &limits_default, NULL, buf_as_str(&doc), 0, &e), 0);
	buf_clear(&doc);
	(void)buf_printf(&doc, "extra=[%s]", text);
	assert_non_null(strstr(r.text.p, doc.p));
	buf_clear(&doc);
	(void)buf_printf(&doc, "id=[%s]", id);
	assert_non_null(strstr(r.text.p, doc.p));
	buf_clear(&doc);
	(void)buf_printf(&doc, "comment=[%s]", text);
	assert_non_null(strstr(r.text.p, doc.p));
	buf_free(&doc);
	recorder_free(&r);
}

/* --- Several reports in a document of any size (X14) ------------------------------------------------- */

#define ID_(n) "<report_id>many" n "</report_id>"

static const char *const	 manys[] = {
	DECL "<feedback>" META_(ORG, EMAIL, ID_("1"), BEGIN_END) POLICY REC1 "</feedback>",
	/* the header behind its rows, and the same once more */
	DECL "<feedback>" REC1 POLICY META_(ORG, EMAIL, ID_("2"), BEGIN_END) "</feedback>",
	DECL "<feedback>" REC2 POLICY META_(ORG, EMAIL, ID_("3"), BEGIN_END) "</feedback>",
	/* other encodings, said and not */
	"<?xml version=\"1.0\" encoding=\"windows-1252\"?><feedback>" META_("<org_name>r\x93p</org_name>", EMAIL, ID_("4"), BEGIN_END) POLICY REC1
	    "</feedback>",
	DECL "<feedback>" META_("<org_name>r\xe9p</org_name>", EMAIL, ID_("5"), BEGIN_END) POLICY REC1 "</feedback>",
	"<?xml version=\"1.0\" encoding=\"x-mystery\"?><feedback>" META_("<org_name>r\xe9p</org_name>", EMAIL, ID_("6"), BEGIN_END) POLICY REC2
	    "</feedback>",
	/* to be repaired */
	DECL "<feedback>" META_("<org_name>A & B < C</org_name>", EMAIL, ID_("7"), BEGIN_END) POLICY REC2 "</feedback>",
	DECL "<f:feedback xmlns:f=\"urn:ietf:params:xml:ns:dmarc-2.0\">" META_(ORG, EMAIL, ID_("8"), BEGIN_END) POLICY REC3 "</f:feedback>",
	DECL "<feedback>" REC1 POLICY META_("<org_name>A & E</org_name>", EMAIL, ID_("9"), BEGIN_END) "</feedback>",
	DECL "<feedback>" META_(ORG, EMAIL, ID_("10"), BEGIN_END) POLICY "</feedback>",
};

/* One of them, and so much behind its first tag that it is as long as that. */
static void
stretch(struct buf *b, const char *doc, size_t len)
{
	size_t	 at = (size_t)(strchr(strstr(doc, "?>") + 2, '>') + 1 - doc), have = strlen(doc) + 7;

	(void)buf_add(b, doc, at);
	(void)buf_cstr(b, "<!--");
	for (; have < len; have++)
		(void)buf_byte(b, '.');
	(void)buf_cstr(b, "-->");
	(void)buf_cstr(b, doc + at);
}

/* Behind one that had to be repaired a declaration may be lost between two pieces. */
static void
no_declaration(struct buf *b)
{
	static const char	 quirk[] = "no-declaration,";
	char			*p;

	while ((p = memmem(b->p, b->len, quirk, sizeof(quirk) - 1)) != NULL) {
		memmove(p, p + sizeof(quirk) - 1, (size_t)(b->p + b->len - p) - (sizeof(quirk) - 1));
		b->len -= sizeof(quirk) - 1;
	}
}

/* Each must come out as if it were alone, whatever stands before it and however the bytes come. */
static void
test_many(void **state)
{
	static const size_t	 lens[] = { 0, 2000, 70000, 300000 };
	static const size_t	 pieces[] = { 0, 1021, 65536 };
	struct recorder		 r = { 0 };
	struct buf		 all = { 0 }, want = { 0 };
	struct err		 e = { 0 };
	size_t			 at;

	(void)state;
	for (size_t l = 0; l < (getenv("DMARCD_TEST_FEW") == NULL ? nitems(lens) : nitems(lens) - 1); l++)
		for (size_t k = 0; k < nitems(pieces); k++) {
			buf_clear(&all);
			buf_clear(&want);
			/* the smallest are a document that is held whole, the others are not */
			for (size_t turn = 0; turn < (lens[l] > 2000 ? 1 : lens[l] == 0 ? 2 : 150); turn++)
				for (size_t i = 0; i < nitems(manys); i++) {
					if (turn == 1 && i != 0 && i != 6 && i != 9)
						continue;	/* of those to be read again not too many: see the next test */
					if (turn > 1 && i != 0 && i != 7)
						continue;
					stretch(&all, manys[i], lens[l]);
					(void)buf_cstr(&all, i % 2 == 0 ? "\n" : "");
					recorder_clear(&r);
					if (recorder_read(&r, &limits_default, NULL, str_of(manys[i]), 0, &e) != 0)
						fail_msg("%zu: %s", i, e.msg);
					(void)buf_str(&want, buf_as_str(&r.text));
				}
			recorder_clear(&r);
			if (recorder_read(&r, &limits_default, NULL, buf_as_str(&all), pieces[k], &e) != 0)
				fail_msg("%zu bytes in pieces of %zu: %s", all.len, pieces[k], e.msg);
			no_declaration(&r.text);
			for (at = 0; at < want.len && at < r.text.len && want.p[at] == r.text.p[at]; at++)
				;
			if (!str_eq(buf_as_str(&want), buf_as_str(&r.text)))
				fail_msg("%zu bytes in pieces of %zu:\n%.500s\nand not\n%.500s", all.len, pieces[k], r.text.p + (at > 200 ? at - 200 : 0),
				    want.p + (at > 200 ? at - 200 : 0));
		}
	buf_free(&all);
	buf_free(&want);
	recorder_free(&r);
}

/* Nobody may have a large document read a thousand times; what was read by then counts, and the rest is told of. */
static void
test_many_again(void **state)
{
	struct recorder	 r = { 0 };
	struct buf	 all = { 0 };
	struct err	 e = { 0 };

	(void)state;
	for (int i = 0; i < 600; i++)
		stretch(&all, manys[1], 2000);
	assert_int_equal(recorder_read(&r, &limits_default, NULL, buf_as_str(&all), 65536, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "more than once"));
	assert_non_null(strstr(r.text.p, "id=[many2]"));
	/* and one that is cut in the middle of its last report */
	buf_clear(&all);
	recorder_clear(&r);
	for (int i = 0; i < 300; i++)
		stretch(&all, manys[0], 2000);
	all.len -= 20;
	assert_int_equal(recorder_read(&r, &limits_default, NULL, buf_as_str(&all), 65536, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	buf_free(&all);
	recorder_free(&r);
}

/* --- NULs (C8) -------------------------------------------------------------------------------------- */

static void
test_nul(void **state)
{
	static const char	 doc[] = DECL "<feedback>" META_("<org_name>rep\0.example</org_name>", EMAIL, ID, BEGIN_END) POLICY REC1
				    "</feedback>\0\0\0";
	struct recorder		 r = { 0 };
	struct err		 e = { 0 };
	struct buf		 p = { 0 };

	(void)state;
	pad((struct str){ doc, sizeof(doc) - 1 }, &p);
	for (int i = 0; i < 2; i++) {
		recorder_clear(&r);
		if (recorder_read(&r, &limits_default, NULL, i == 0 ? (struct str){ doc, sizeof(doc) - 1 } : buf_as_str(&p), 0, &e) != 0)
			fail_msg("%s", e.msg);
		assert_non_null(strstr(r.text.p, ROW1));
		assert_non_null(strstr(r.text.p, "repaired"));
	}
	buf_free(&p);
	recorder_free(&r);
}

/* --- Hints: where the report is silent ------------------------------------------------------------------ */

static void
test_hints(void **state)
{
	static const char	 doc[] = DOC(META_("", "", "", "") "<policy_published><p>none</p></policy_published>" REC1);
	struct report_hints	 h = { .filename = STR("mx.rep.example!sub.example.com!1722816000!1722902399!x1.xml.gz"),
				    .from_domain = STR("from.example") };
	struct recorder		 r = { 0 };
	struct err		 e = { 0 };

	(void)state;
	assert_int_equal(recorder_read(&r, &limits_default, &h, str_of(doc), 0, &e), 0);
	assert_non_null(strstr(r.text.p, "report org=[mx.rep.example] id=[x1] begin=1722816000 end=1722902399 domain=[sub.example.com]"));
	assert_true((r.quirks & (QUIRK_ORG_DERIVED | QUIRK_ID_DERIVED | QUIRK_DOMAIN_DERIVED | QUIRK_TIME_MISSING)) ==
	    (QUIRK_ORG_DERIVED | QUIRK_ID_DERIVED | QUIRK_DOMAIN_DERIVED | QUIRK_TIME_MISSING));
	/* what the report says is never overruled */
	recorder_clear(&r);
	assert_int_equal(recorder_read(&r, &limits_default, &h, STR(WITH(REC1)), 0, &e), 0);
	assert_non_null(strstr(r.text.p, HEAD1));
	/* with nothing else, who sent the mail */
	recorder_clear(&r);
	h.filename = STR_NONE;
	assert_int_equal(recorder_read(&r, &limits_default, &h, STR(DOC(META_("", "", ID, BEGIN_END) POLICY REC1)), 0, &e), 0);
	assert_non_null(strstr(r.text.p, "org=[from.example]"));
	recorder_free(&r);
}

/* --- Limits ------------------------------------------------------------------------------------------------ */

static int
read_limited(const struct limits *l, const char *doc, struct err *e)
{
	struct recorder	 r = { 0 };
	int		 rv;

	memset(e, 0, sizeof(*e));
	rv = recorder_read(&r, l, NULL, str_of(doc), 0, e);
	recorder_free(&r);
	return (rv);
}

static void
test_limits(void **state)
{
	struct limits	 l = limits_default;
	struct err	 e;
	struct buf	 b = { 0 };

	(void)state;
	l.records = 2;
	assert_int_equal(read_limited(&l, WITH(REC1 REC2), &e), 0);
	assert_int_equal(read_limited(&l, WITH(REC1 REC2 REC3), &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "records = 2"));

	l = limits_default;
	l.results = 1;
	assert_int_equal(read_limited(&l, WITH(REC1), &e), 0);
	assert_int_equal(read_limited(&l, AUTHS("<dkim><result>pass</result></dkim><dkim><result>pass</result></dkim>"), &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(read_limited(&l, EVALS("<reason><type>a</type></reason><reason><type>b</type></reason>"), &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);

	l = limits_default;
	l.xml_depth = 8;
	assert_int_equal(read_limited(&l, DOC(META POLICY "<a><a><a><a><a><a></a></a></a></a></a></a>" REC1), &e), 0);
	assert_int_equal(read_limited(&l, DOC(META POLICY "<a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>" REC1), &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "xml_depth = 8"));

	l = limits_default;
	l.text_bytes = 256;
	(void)buf_cstr(&b, DECL "<feedback>" META POLICY "<record><row>");
	for (int i = 0; i < 300; i++)
		(void)buf_byte(&b, '\n');	/* blanks are no value */
	(void)buf_cstr(&b, "<source_ip>");
	for (int i = 0; i < 256; i++)
		(void)buf_byte(&b, '1');
	assert_true(buf_cstr(&b, "</source_ip></row></record></feedback>"));
	assert_int_equal(read_limited(&l, b.p, &e), 0);
	*strstr(b.p, "</source_ip>") = '1';	/* one more; the tag is broken, but the limit comes first */
	assert_int_equal(read_limited(&l, b.p, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "text_bytes = 256"));
	buf_free(&b);
}

/* libxml2 compares each attribute with all others: a tag has an end, or there is one to it. */
static void
test_tag(void **state)
{
	struct err	 e = { 0 };
	struct buf	 b = { 0 };

	(void)state;
	(void)buf_cstr(&b, DECL "<feedback>" META POLICY);
	for (int i = 0; i < 600000; i += 8)
		(void)buf_cstr(&b, "        ");
	(void)buf_cstr(&b, "<x ");
	for (int i = 0; i < 30000; i++)
		(void)buf_printf(&b, "a%d='>' ", i);
	(void)buf_cstr(&b, "/>" REC1 "</feedback>");
	assert_int_equal(read_limited(&limits_default, b.p, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "a tag is longer than 65536 bytes"));
	buf_free(&b);
}

/* --- The sink stops the reading ------------------------------------------------------------------------------ */

static void
test_sink_fails(void **state)
{
	static const char	 doc[] = WITH(REC1 REC(IP1, N("x"), EVAL) REC3);
	struct recorder		 r = { 0 };
	struct buf		 p = { 0 };
	struct err		 e;

	(void)state;
	pad(str_of(doc), &p);
	for (int long_one = 0; long_one < 2; long_one++)
		for (unsigned at = 1; at <= 5; at++) {	/* begin, row, refused, row, end */
			memset(&e, 0, sizeof(e));
			recorder_clear(&r);
			r.fail_at = at;
			assert_int_equal(recorder_read(&r, &limits_default, NULL, long_one ? buf_as_str(&p) : str_of(doc), 1000, &e), -1);
			assert_int_equal(e.code, ERR_TEMP);
			assert_string_equal(e.msg, "asked to fail");
			assert_int_equal(r.calls, at);
		}
	buf_free(&p);
	recorder_free(&r);
}

/* --- One reader for many documents: nothing of one shows in the next --------------------------------------------- */

static void
test_again(void **state)
{
	struct recorder		 r = { 0 };
	struct aggregate	*a = aggregate_new(&limits_default, NULL, &recorder_sink, &r);
	struct err		 e = { 0 };
	struct buf		 first = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		for (size_t k = 0; k < nitems(docs); k++) {
			aggregate_reset(a, NULL);
			if (aggregate_feed(a, docs[k].doc, strlen(docs[k].doc), &e) != 0 || aggregate_finish(a, &e) != 0)
				recorder_sink.again(&r);
		}
		recorder_clear(&r);
		aggregate_reset(a, NULL);
		assert_int_equal(aggregate_feed(a, docs[0].doc, strlen(docs[0].doc), &e), 0);
		assert_int_equal(aggregate_finish(a, &e), 0);
		if (i == 0)
			(void)buf_str(&first, buf_as_str(&r.text));
		assert_string_equal(first.p, r.text.p);
	}
	aggregate_free(a);
	buf_free(&first);
	recorder_free(&r);
}

static void
test_looks_like(void **state)
{
	(void)state;
	assert_true(aggregate_looks_like(STR("<?xml")));
	assert_true(aggregate_looks_like(STR("\r\n\r\n <feedback")));
	assert_true(aggregate_looks_like(STR("\xef\xbb\xbf<a")));
	assert_true(aggregate_looks_like(STR("\xff\xfe<\0")));
	assert_true(aggregate_looks_like(STR("\0<\0?")));
	assert_false(aggregate_looks_like(STR("unused")));
	assert_false(aggregate_looks_like(STR("")));
	assert_false(aggregate_looks_like(STR("{}")));
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, docs, test_doc);
	for (size_t i = 0; i < nitems(utf16s); i++)
		case_add(&c, utf16s[i].name, test_utf16, &utf16s[i].how);
	case_add(&c, "C8 NULs in a value and behind the end", test_nul, NULL);
	case_add(&c, "E13 long texts", test_long, NULL);
	case_add(&c, "X14 reports of every kind in one document", test_many, NULL);
	case_add(&c, "X14 reports without an end in one document", test_many_again, NULL);
	case_add(&c, "R1 R5 D1 what file name and mail tell", test_hints, NULL);
	case_add(&c, "limits: records, results, xml_depth, text_bytes", test_limits, NULL);
	case_add(&c, "limits: a tag without end", test_tag, NULL);
	case_add(&c, "a sink that fails stops the reading, with its own error", test_sink_fails, NULL);
	case_add(&c, "one reader for many documents", test_again, NULL);
	case_add(&c, "what looks like a report", test_looks_like, NULL);
	return (cases_run(&c, "aggregate"));
}
