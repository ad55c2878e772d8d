# src/cli: the table of commands and what all of them share; one file per command
libdmarcd_a_SOURCES += \
	src/cli/cli.h src/cli/commands.h src/cli/main.c \
	src/cli/args.c src/cli/args.h \
	src/cli/help.c src/cli/help.h \
	src/cli/progress.c src/cli/progress.h \
	src/cli/table.c src/cli/table.h \
	src/cli/config.c \
	src/cli/serve.c \
	src/cli/fetch.c \
	src/cli/import.c \
	src/cli/senders.c \
	src/cli/raw.c src/cli/raw.h \
	src/cli/deliver.c \
	src/cli/quarantine.c src/cli/reprocess.c src/cli/verify.c src/cli/purge.c src/cli/backup.c src/cli/backup_people.c src/cli/backup_people.h src/cli/vacuum.c \
	src/cli/listing.c src/cli/listing.h src/cli/words.c src/cli/words.h src/cli/row.c src/cli/row.h \
	src/cli/domains.c src/cli/sources.c src/cli/records.c src/cli/reports.c src/cli/report.c src/cli/failures.c src/cli/failures.h \
	src/cli/export.c src/cli/export_out.c src/cli/export_out.h \
	src/cli/explain.c src/cli/bounce.c src/cli/card.h src/cli/summary.c src/cli/todo.c src/cli/alert.c src/cli/tls.c src/cli/tls.h \
	src/cli/account.h src/cli/user.c src/cli/token.c \
	src/cli/status.c src/cli/version.c
