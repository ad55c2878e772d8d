/*
 * floor_fetch - the yardstick for `dmarcd fetch`: what getting all messages
 * of an IMAP folder over TLS costs at the least with libetpan. A bare loop of
 * UID FETCH, 100 messages at a time; the mail is thrown away.
 *
 *     floor_fetch HOST PORT USER PASSWORD-FILE [FOLDER]
 *
 * libetpan's own TLS verifies nothing: for a server on loopback only.
 * Prints {"messages","bytes","seconds"}.
 */
#include <errno.h>
#include <inttypes.h>
#include <libetpan/libetpan.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH	100

static void	 die(const char *, int) __attribute__((noreturn));

static void
die(const char *what, int code)
{
	fprintf(stderr, "floor_fetch: %s (libetpan error %d)\n", what, code);
	exit(1);
}

static void
check(int rv, const char *what)
{
	if (rv != MAILIMAP_NO_ERROR && rv != MAILIMAP_NO_ERROR_AUTHENTICATED &&
	    rv != MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		die(what, rv);
}

static void
read_password(const char *path, char *out, int size)
{
	FILE	*f = fopen(path, "r");

	if (f == NULL || fgets(out, size, f) == NULL) {
		fprintf(stderr, "floor_fetch: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	out[strcspn(out, "\r\n")] = '\0';
	fclose(f);
}

static struct mailimap_fetch_type *
what_to_fetch(void)
{
	struct mailimap_fetch_type	*t = mailimap_fetch_type_new_fetch_att_list_empty();

	mailimap_fetch_type_new_fetch_att_list_add(t, mailimap_fetch_att_new_uid());
	mailimap_fetch_type_new_fetch_att_list_add(t,
	    mailimap_fetch_att_new_rfc822_size());
	mailimap_fetch_type_new_fetch_att_list_add(t,
	    mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL)));
	return (t);
}

/* The bytes of one message's body. */
static size_t
body_bytes(const struct mailimap_msg_att *att)
{
	size_t	 n = 0;

	for (clistiter *i = clist_begin(att->att_list); i != NULL; i = clist_next(i)) {
		const struct mailimap_msg_att_item	*item = clist_content(i);

		if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC &&
		    item->att_data.att_static->att_type == MAILIMAP_MSG_ATT_BODY_SECTION)
			n += item->att_data.att_static->att_data.att_body_section->sec_length;
	}
	return (n);
}

int
main(int argc, char **argv)
{
	struct mailimap_fetch_type	*type = what_to_fetch();
	const char			*folder = argc > 5 ? argv[5] : "INBOX";
	mailimap			*im = mailimap_new(0, NULL);
	struct timespec			 t0, t1;
	char				 password[256];
	uint64_t			 messages = 0, bytes = 0;
	uint32_t			 next;

	if (argc < 5) {
		fputs("usage: floor_fetch HOST PORT USER PASSWORD-FILE [FOLDER]\n", stderr);
		return (2);
	}
	read_password(argv[4], password, sizeof(password));
	clock_gettime(CLOCK_MONOTONIC, &t0);
	check(mailimap_ssl_connect(im, argv[1], (uint16_t)strtoul(argv[2], NULL, 10)),
	    "cannot connect");
	check(mailimap_login(im, argv[3], password), "cannot log in");
	check(mailimap_select(im, folder), "cannot open the folder");
	next = im->imap_selection_info->sel_uidnext;
	for (uint32_t uid = 1; uid < next; uid += BATCH) {
		struct mailimap_set	*set = mailimap_set_new_interval(uid,
					    next - uid > BATCH ? uid + BATCH - 1 : next - 1);
		clist			*got;

		check(mailimap_uid_fetch(im, set, type, &got), "cannot fetch");
		for (clistiter *i = clist_begin(got); i != NULL; i = clist_next(i)) {
			messages++;
			bytes += body_bytes(clist_content(i));
		}
		mailimap_fetch_list_free(got);
		mailimap_set_free(set);
	}
	mailimap_logout(im);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("{\"messages\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.3f}\n",
	    messages, bytes, (double)(t1.tv_sec - t0.tv_sec) +
	    (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
	mailimap_fetch_type_free(type);
	mailimap_free(im);
	return (0);
}
