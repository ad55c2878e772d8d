# sample reports, and what a correct reader finds in them
TESTS += tests/corpus/corpus.sh
EXTRA_DIST += tests/corpus/corpus.sh tests/corpus/compare.mjs tests/corpus/compare_failures.mjs tests/data
