# src/dmarc: names, Organizational Domain, alignment, the verdict on a row
libdmarcd_a_SOURCES += \
	src/dmarc/dmarc.h src/dmarc/name.h \
	src/dmarc/name.c src/dmarc/align.c src/dmarc/judge.c \
	src/dmarc/authres.h src/dmarc/authres.c \
	src/dmarc/failure.h src/dmarc/failure.c
