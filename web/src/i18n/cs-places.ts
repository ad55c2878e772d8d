/* Countries and networks of addresses. */

export const places = {
	"key.country": "Země",
	"key.country.hint": "Kde je adresa zaregistrovaná: odhad, kde je",
	"key.asn": "Síť",
	"key.asn.hint": "Kdo adresu ohlašuje: číslo a jméno sítě (AS)",
	"place.unknown": "Není známo",
	"place.reserved": "Ničí adresy",
	"place.where": "Kde je",
	"place.hint": "Země, ve které je adresa zaregistrovaná, a síť, která ji ohlašuje: odhad",
	"place.note": "Země a síť adresy jsou odhady: kde je zaregistrovaná a kdo ji ohlašuje.",
	"reserved.private": "privátní adresa",
	"reserved.shared": "sdílená adresa poskytovatele",
	"reserved.loopback": "sám počítač",
	"reserved.link-local": "místní linka",
	"reserved.documentation": "vyhrazeno pro dokumentaci",
	"reserved.benchmark": "vyhrazeno pro měření",
	"reserved.multicast": "adresa multicast",
	"reserved.other": "vyhrazená adresa",
};
