# src/export: reports and rows as a stream of text; see src/README.md
libdmarcd_a_SOURCES += \
	src/export/export.h src/export/export_int.h src/export/export.c src/export/rows.c src/export/lines.c src/export/parsedmarc.c
