# src/process: see src/README.md
libdmarcd_a_SOURCES +=
