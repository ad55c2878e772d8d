/* Countries and networks of addresses. */

export const places = {
	"key.country": "Land",
	"key.country.hint": "Wo die Adresse registriert ist: eine Schätzung, wo sie sich befindet",
	"key.asn": "Netz",
	"key.asn.hint": "Wer die Adresse ankündigt: Nummer und Name des Netzes (AS)",
	"place.unknown": "Nicht bekannt",
	"place.reserved": "Niemandes Adressen",
	"place.where": "Wo sie ist",
	"place.hint": "Land, in dem die Adresse registriert ist, und das Netz, das sie ankündigt: eine Schätzung",
	"place.note": "Land und Netz einer Adresse sind Schätzungen: wo sie registriert ist und wer sie ankündigt.",
	"reserved.private": "private Adresse",
	"reserved.shared": "geteilte Adresse eines Anbieters",
	"reserved.loopback": "der Rechner selbst",
	"reserved.link-local": "lokale Verbindung",
	"reserved.documentation": "für Dokumentation reserviert",
	"reserved.benchmark": "für Messungen reserviert",
	"reserved.multicast": "Multicast-Adresse",
	"reserved.other": "reservierte Adresse",
};
