/*
 * fuzz_conf.c - any bytes as a configuration: either it is refused with a
 * sentence for every fault, or what conf_print says of it means the same.
 */
#include <assert.h>

#include "base/base.h"
#include "conf/conf.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
round_trip(const struct conf *c)
{
	struct buf	 one = { 0 }, two = { 0 }, faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*again;

	conf_print(c, &one);
	again = conf_load_text("printed", buf_as_str(&one), &faults, &e);
	if (again == NULL)
		(void)fprintf(stderr, "%s\n%s%s\n", one.p, buf_as_str(&faults).p, e.msg);
	assert(again != NULL && faults.len == 0);
	conf_print(again, &two);
	/* behind the first line, which names the file */
	assert(strcmp(strchr(one.p, '\n'), strchr(two.p, '\n')) == 0);
	assert(again->nmailboxes == c->nmailboxes);
	conf_free(again);
	buf_free(&one);
	buf_free(&two);
}

static void
check_faults(const struct buf *faults, const struct err *e)
{
	assert(e->code == ERR_CONFIG && e->msg[0] != '\0');
	assert(faults->len > 0 && faults->p[faults->len - 1] == '\n');
	for (size_t i = 0; i < faults->len; i++)
		assert(faults->p[i] == '\n' || (unsigned char)faults->p[i] >= 0x20);
	assert(strncmp(faults->p, "fuzz:", 5) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf	 faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*c;

	c = conf_load_text("fuzz", (struct str){ (const char *)data, size }, &faults, &e);
	if (c != NULL) {
		assert(faults.len == 0 && e.code == ERR_NONE);
		round_trip(c);
	} else
		check_faults(&faults, &e);
	conf_free(c);
	buf_free(&faults);
	return (0);
}
