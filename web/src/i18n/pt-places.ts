/* Countries and networks of addresses. */

export const places = {
	"key.country": "País",
	"key.country.hint": "Onde o endereço está registrado: uma estimativa de onde ele fica",
	"key.asn": "Rede",
	"key.asn.hint": "Quem anuncia o endereço: número e nome da rede (AS)",
	"place.unknown": "Não se sabe",
	"place.reserved": "Endereços de ninguém",
	"place.where": "Onde fica",
	"place.hint": "País em que o endereço está registrado, e a rede que o anuncia: uma estimativa",
	"place.note": "País e rede de um endereço são estimativas: onde está registrado e quem o anuncia.",
	"reserved.private": "endereço privado",
	"reserved.shared": "endereço compartilhado de um provedor",
	"reserved.loopback": "a própria máquina",
	"reserved.link-local": "enlace local",
	"reserved.documentation": "reservado para documentação",
	"reserved.benchmark": "reservado para medições",
	"reserved.multicast": "endereço multicast",
	"reserved.other": "endereço reservado",
};
