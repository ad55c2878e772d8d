# src/process: roles and what they say to each other
libdmarcd_a_SOURCES += \
	src/process/fetcher.c src/process/fetcher.h \
	src/process/intake.c src/process/intake.h \
	src/process/link.c src/process/link.h \
	src/process/role.h
