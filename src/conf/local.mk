# src/conf: see src/README.md
libdmarcd_a_SOURCES +=
