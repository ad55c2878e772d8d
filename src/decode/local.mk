# src/decode: mail and containers, from bytes to documents to reports
libdmarcd_a_SOURCES += \
	src/decode/message.c src/decode/message.h \
	src/decode/container.c src/decode/container.h \
	src/decode/reader.c src/decode/reader.h
