# src/conf: the configuration file; libconfuse lives here
libdmarcd_a_SOURCES += \
	src/conf/conf.c src/conf/conf.h \
	src/conf/faults.c src/conf/faults.h \
	src/conf/items.c src/conf/items.h \
	src/conf/password.c \
	src/conf/print.c \
	src/conf/show.c \
	src/conf/scan.c src/conf/scan.h
