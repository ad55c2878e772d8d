/* Countries and networks of addresses. */

export const places = {
	"key.country": "Country",
	"key.country.hint": "Where the address is registered: an estimate of where it is",
	"key.asn": "Network",
	"key.asn.hint": "Who announces the address: number and name of the network (AS)",
	"place.unknown": "Not known",
	"place.reserved": "Nobody's addresses",
	"place.where": "Where it is",
	"place.hint": "Country in which the address is registered, and the network that announces it: an estimate",
	"place.note": "Country and network of an address are estimates: where it is registered, and who announces it.",
	"reserved.private": "private address",
	"reserved.shared": "shared address of a provider",
	"reserved.loopback": "the machine itself",
	"reserved.link-local": "local link",
	"reserved.documentation": "reserved for documentation",
	"reserved.benchmark": "reserved for measurements",
	"reserved.multicast": "multicast address",
	"reserved.other": "reserved address",
};
