# src/answer: what the store knows, as JSON; see src/README.md
libdmarcd_a_SOURCES += \
	src/answer/answer.h
