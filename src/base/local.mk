# src/base: errors, buffers, memory, time, logging; no knowledge of mail
libdmarcd_a_SOURCES += \
	src/base/banned.h \
	src/base/base.h \
	src/base/buf.c src/base/buf.h src/base/base64.c \
	src/base/charset.c src/base/charset.h \
	src/base/arena.c src/base/arena.h \
	src/base/err.c src/base/err.h \
	src/base/escape.c src/base/escape.h \
	src/base/hash.c src/base/hash.h \
	src/base/io.c src/base/io.h \
	src/base/limits.c src/base/limits.h \
	src/base/log.c src/base/log.h \
	src/base/near.c src/base/near.h \
	src/base/str.c src/base/str.h \
	src/base/when.c src/base/when.h
