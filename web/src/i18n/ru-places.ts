/* Countries and networks of addresses. */

export const places = {
	"key.country": "Страна",
	"key.country.hint": "Где зарегистрирован адрес: оценка того, где он находится",
	"key.asn": "Сеть",
	"key.asn.hint": "Кто анонсирует адрес: номер и название сети (AS)",
	"place.unknown": "Неизвестно",
	"place.reserved": "Ничьи адреса",
	"place.where": "Где он",
	"place.hint": "Страна, где зарегистрирован адрес, и сеть, которая его анонсирует: оценка",
	"place.note": "Страна и сеть адреса — оценки: где он зарегистрирован и кто его анонсирует.",
	"reserved.private": "частный адрес",
	"reserved.shared": "общий адрес провайдера",
	"reserved.loopback": "сама машина",
	"reserved.link-local": "локальный канал",
	"reserved.documentation": "для документации",
	"reserved.benchmark": "для измерений",
	"reserved.multicast": "групповой адрес",
	"reserved.other": "зарезервированный адрес",
};
