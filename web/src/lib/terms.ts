/* The entries of the glossary: each has texts "term.NAME" and "term.NAME.text". */
export const TERMS = ["dmarc", "alignment", "spf", "permerror", "dkim", "header-from", "envelope-from", "selector", "organizational-domain", "aggregate-report", "failure-report",
	"reporter", "policy", "subdomain-policy", "disposition", "override", "forwarding", "differs", "complete-through", "messages", "source", "sender", "sender-class", "health", "hurt", "unreviewed", "host-name", "fix-watch", "tls-report", "mta-sts", "dane"] as const;
export const CODES = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"] as const;
