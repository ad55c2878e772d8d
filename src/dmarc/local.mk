# src/dmarc: names, Organizational Domain, alignment, the verdict on a row
libdmarcd_a_SOURCES += \
	src/dmarc/dmarc.h src/dmarc/name.h src/dmarc/record.h src/dmarc/walk.h \
	src/dmarc/name.c src/dmarc/align.c src/dmarc/record.c src/dmarc/walk.c src/dmarc/judge.c src/dmarc/treat.c \
	src/dmarc/authres.h src/dmarc/authres.c \
	src/dmarc/trust.h src/dmarc/trust.c src/dmarc/trust_trace.c \
	src/dmarc/failure.h src/dmarc/failure.c \
	src/dmarc/tls.c src/dmarc/tls.h src/dmarc/sts.c src/dmarc/sts.h \
	src/dmarc/txt.h src/dmarc/txt.c src/dmarc/spf.h src/dmarc/spf.c src/dmarc/said.h src/dmarc/said.c
