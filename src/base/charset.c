/*
 * charset.c - see charset.h.
 */
#include <iconv.h>

#include "base/base.h"
#include "base/charset.h"

/* iconv's name, then those that are met, parted by blanks. */
static const struct { const char *name, *aliases; } charsets[] = {
	{ "UTF-8", "utf-8 utf8 us-ascii ascii" },
	{ "UTF-16", "utf-16 utf16 unicode" }, { "UTF-16LE", "utf-16le" }, { "UTF-16BE", "utf-16be" },
	{ "UTF-32", "utf-32 utf32" }, { "UTF-32LE", "utf-32le" }, { "UTF-32BE", "utf-32be" },
	{ "UCS-4", "ucs-4 ucs4 iso-10646-ucs-4" }, { "UCS-2", "ucs-2 ucs2 iso-10646-ucs-2" }, { "UTF-7", "utf-7 unicode-1-1-utf-7" },
	{ "ISO-8859-1", "iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1" }, { "ISO-8859-2", "iso-8859-2 iso8859-2 iso_8859-2 latin2" },
	{ "ISO-8859-3", "iso-8859-3 iso8859-3 latin3" }, { "ISO-8859-4", "iso-8859-4 iso8859-4 latin4" },
	{ "ISO-8859-5", "iso-8859-5 iso8859-5 cyrillic" }, { "ISO-8859-6", "iso-8859-6 iso8859-6 arabic" },
	{ "ISO-8859-7", "iso-8859-7 iso8859-7 greek" }, { "ISO-8859-8", "iso-8859-8 iso8859-8 iso-8859-8-i hebrew" },
	{ "ISO-8859-9", "iso-8859-9 iso8859-9 latin5" }, { "ISO-8859-10", "iso-8859-10 iso8859-10 latin6" },
	{ "ISO-8859-13", "iso-8859-13 iso8859-13" }, { "ISO-8859-14", "iso-8859-14 iso8859-14 latin8" },
	{ "ISO-8859-15", "iso-8859-15 iso8859-15 iso_8859-15 latin-9 latin9" }, { "ISO-8859-16", "iso-8859-16 iso8859-16 latin10" },
	{ "CP1250", "windows-1250 cp1250" }, { "CP1251", "windows-1251 cp1251" }, { "CP1252", "windows-1252 cp1252 ansi" },
	{ "CP1253", "windows-1253 cp1253" }, { "CP1254", "windows-1254 cp1254" }, { "CP1255", "windows-1255 cp1255" },
	{ "CP1256", "windows-1256 cp1256" }, { "CP1257", "windows-1257 cp1257" }, { "CP1258", "windows-1258 cp1258" },
	{ "KOI8-R", "koi8-r koi8r koi" }, { "KOI8-U", "koi8-u koi8u" }, { "CP866", "ibm866 cp866" },
	{ "ISO-2022-JP", "iso-2022-jp csiso2022jp" }, { "SHIFT_JIS", "shift_jis shift-jis sjis x-sjis ms_kanji" },
	{ "CP932", "cp932 windows-31j ms932" }, { "EUC-JP", "euc-jp eucjp x-euc-jp" }, { "EUC-KR", "euc-kr euckr ks_c_5601-1987" },
	{ "CP949", "cp949 uhc" }, { "GB2312", "gb2312 euc-cn gb_2312-80" }, { "GBK", "gbk cp936" }, { "GB18030", "gb18030" },
	{ "BIG5", "big5 big-5 cn-big5" }, { "TIS-620", "tis-620 iso-8859-11" }, { "CP874", "windows-874 cp874" },
	{ "IBM437", "ibm437 cp437" }, { "IBM850", "ibm850 cp850" }, { "MACINTOSH", "macintosh mac x-mac-roman" },
};

static bool
among(const char *list, struct str name)
{
	const char	*end;

	for (; *list != '\0'; list = *end == '\0' ? end : end + 1) {
		end = list + strcspn(list, " ");
		if ((size_t)(end - list) == name.len && str_ieq_n(name, list, name.len))
			return (true);
	}
	return (false);
}

const char *
charset_find(struct str name)
{
	for (size_t i = 0; name.len > 0 && i < nitems(charsets); i++)
		if (among(charsets[i].aliases, name))
			return (charsets[i].name);
	return (NULL);
}

/* The handles stay open: the C library unloads a table that nobody uses. */
void
charset_load(void)
{
	static iconv_t	 held[nitems(charsets)][2];

	for (size_t i = 0; i < nitems(charsets) && held[i][0] == NULL; i++) {
		held[i][0] = iconv_open("UTF-8", charsets[i].name);
		/* libxml2 asks for the way back, too */
		held[i][1] = iconv_open(charsets[i].name, "UTF-8");
	}
}
