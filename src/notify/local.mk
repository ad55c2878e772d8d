# src/notify: mail of ours, written, handed over, at its time and once
libdmarcd_a_SOURCES += \
	src/notify/notify.h src/notify/compose.c src/notify/way.c src/notify/record.c src/notify/summaries.c src/notify/alerts.c src/notify/webhook.c \
	src/notify/https.h src/notify/https.c src/notify/policy.h src/notify/policy.c
