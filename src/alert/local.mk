# src/alert: what happens now that somebody should hear of
libdmarcd_a_SOURCES += \
	src/alert/alert.h src/alert/limits.h src/alert/rules.h src/alert/model.c src/alert/rules.c src/alert/dns.c \
	src/alert/state.h src/alert/state.c src/alert/say.c
