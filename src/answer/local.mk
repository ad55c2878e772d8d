# src/answer: what the store knows, as JSON; see src/README.md
libdmarcd_a_SOURCES += \
	src/answer/answer.h src/answer/answer_int.h \
	src/answer/json.c src/answer/metrics.c src/answer/request.c src/answer/sums.c src/answer/rows.c src/answer/failures.c src/answer/senders.c src/answer/vendor.c \
	src/answer/flow.c src/answer/decisions.c src/answer/explain.c src/answer/bounce.c src/answer/place.c src/answer/quarantine.c src/answer/tls.c src/answer/tls.h
libdmarcd_a_SOURCES += src/answer/failure_mail.c

# search
libdmarcd_a_SOURCES += src/answer/search.c

# what the DNS says of a domain
libdmarcd_a_SOURCES += src/answer/dns.c

# host names, and how the resolver is
libdmarcd_a_SOURCES += src/answer/hosts.c
