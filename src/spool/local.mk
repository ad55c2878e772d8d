# src/spool: the Maildir between getting mail and reading it
libdmarcd_a_SOURCES += \
	src/spool/bundle.c src/spool/bundle.h \
	src/spool/spool.c src/spool/spool.h
