# src/dns: host names of addresses; libunbound in dns.c, the rules without it
libdmarcd_a_SOURCES += \
	src/dns/dns.h src/dns/dns.c src/dns/name.c \
	src/dns/lookup.h src/dns/lookup.c
