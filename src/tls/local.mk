# src/tls: the certificate and key of our own server
libdmarcd_a_SOURCES += src/tls/pair.c src/tls/pair.h
