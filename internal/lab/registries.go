package lab

// registries are the top-level domains of the world, each with the habits of the
// kind of registry it stands for. com and net share an operator and a server; be
// and eu have no RDAP.
var registries = []registry{
	{tld: "com", operator: "Grandgable Registry Inc.", server: "grandgable", path: "/com/v1/", style: thinRegistry, whois: whoisThin, handle: "_DOMAIN_COM-GRGB", denial: nsec3OptOut, addrs: [2]string{"127.53.1.1", "127.53.1.2"}},
	{tld: "net", operator: "Grandgable Registry Inc.", server: "grandgable", path: "/net/v1/", style: thinRegistry, whois: whoisThin, handle: "_DOMAIN_NET-GRGB", denial: nsec3OptOut, addrs: [2]string{"127.53.1.3", "127.53.1.4"}},
	{tld: "org", operator: "Common Interest Registry", server: "commoninterest", path: "/rdap/", style: thickRegistry, handle: "-LROR", denial: nsec3OptOut, addrs: [2]string{"127.53.1.5", "127.53.1.6"}},
	{tld: "shop", operator: "Bazaar Registry KK", server: "bazaar", path: "/rdap/", style: sparseRegistry, handle: "-BZAR", denial: nsec3OptOut, addrs: [2]string{"127.53.1.7", "127.53.1.8"}},
	{tld: "swiss", operator: "Bureau des suffixes suisses", server: "suffixes", path: "/rdap/", style: thickRegistry, handle: "-SFSU", denial: nsec, addrs: [2]string{"127.53.1.9", "127.53.1.10"}},
	{tld: "bzh", operator: "Association des noms de Bretagne", server: "bretagne", path: "/rdap/", style: thickRegistry, handle: "-ANB", denial: nsec, addrs: [2]string{"127.53.1.11", "127.53.1.12"}},
	{tld: "fr", operator: "Association de nommage de l'Hexagone", server: "hexagone", path: "/fr/", style: frenchRegistry, whois: whoisFrench, handle: "-HXNIC", denial: nsec3OptOut, addrs: [2]string{"127.53.1.13", "127.53.1.14"}},
	{tld: "re", operator: "Association de nommage de l'Hexagone", server: "hexagone", path: "/re/", style: frenchRegistry, whois: whoisFrench, handle: "-HXNIC", denial: nsec3OptOut, addrs: [2]string{"127.53.1.15", "127.53.1.16"}},
	{tld: "ch", operator: "Helvetic Name Foundation", server: "helvetic", path: "/", style: swissRegistry, handle: "", denial: nsec, addrs: [2]string{"127.53.1.17", "127.53.1.18"}},
	{tld: "li", operator: "Helvetic Name Foundation", server: "helvetic-li", path: "/", style: swissRegistry, handle: "", denial: nsec, addrs: [2]string{"127.53.1.19", "127.53.1.20"}},
	{tld: "ca", operator: "Registraire canadien des noms", server: "canadien", path: "/rdap/", style: canadianRegistry, handle: "-RCN", denial: nsec3OptOut, addrs: [2]string{"127.53.1.21", "127.53.1.22"}},
	{tld: "uk", operator: "Albion Names", server: "albion", path: "/uk/", style: britishRegistry, handle: "-UK", denial: nsec3OptOut, addrs: [2]string{"127.53.1.23", "127.53.1.24"}},
	{tld: "eu", operator: "European Name Association", whois: whoisEuropean, denial: nsec3OptOut, addrs: [2]string{"127.53.1.25", "127.53.1.26"}},
	{tld: "be", operator: "Registre belge", whois: whoisBelgian, denial: nsec3, addrs: [2]string{"127.53.1.27", "127.53.1.28"}},
}

// rootAddrs are those of the root's name servers, a and b.
var rootAddrs = [2]string{"127.53.0.1", "127.53.0.2"}

// infrastructure is the domain under which root and registries name their servers.
const infrastructure = "registry-wing.net"

// registrars of the world. Their numbers lie far above those ICANN has given.
var registrars = []registrar{
	{key: "comptoir", ianaID: "88001", name: "Comptoir des Noms SA", domain: "comptoir-des-noms.com", phone: "+33.155500101", abuse: "abuse@comptoir-des-noms.com", style: retailRegistrar},
	{key: "wholenames", ianaID: "88002", name: "Wholenames BV", domain: "wholenames-wholesale.net", phone: "+31.205550102", abuse: "abuse@wholenames-wholesale.net", style: wholesaleRegistrar},
	{key: "ormalis", ianaID: "88003", name: "Ormalis SAS", domain: "ormalis-hebergement.fr", phone: "+33.255500103", abuse: "abus@ormalis-hebergement.fr", style: hostRegistrar},
	{key: "laurentide", ianaID: "88004", name: "Laurentide Domaines inc.", domain: "laurentide-domaines.ca", phone: "+1.5145550104", abuse: "abus@laurentide-domaines.ca", style: retailRegistrar},
	{key: "alpenname", ianaID: "88005", name: "Alpenname AG", domain: "alpenname-register.ch", phone: "+41.445550105", abuse: "abuse@alpenname-register.ch", style: hostRegistrar},
	{key: "stillwater", ianaID: "88006", name: "Stillwater Names LLC", domain: "stillwater-names.com", phone: "+1.3075550106", abuse: "abuse@stillwater-names.com", style: retailRegistrar},
	{key: "sansfiche", ianaID: "88007", name: "Sansfiche Registration Ltd", domain: "sansfiche-registration.com", phone: "+44.2055500107", abuse: "abuse@sansfiche-registration.com"},
	{key: "mirrorgate", ianaID: "88008", name: "Mirrorgate Domains Inc.", domain: "mirrorgate-domains.com", phone: "+1.4155550108", abuse: "abuse@mirrorgate-domains.com", style: retailRegistrar},
	{key: "chantier", ianaID: "88009", name: "Chantier Registrar GmbH", domain: "chantier-registrar.net", phone: "+49.305550109", abuse: "abuse@chantier-registrar.net", style: retailRegistrar},
}

// rirs are the address registries: each answers for some of the blocks.
var rirs = []struct {
	key      string
	prefixes []string
}{
	{"eurasia", []string{"192.0.2.0/24", "198.51.100.0/24", "127.53.0.0/16", "2001:db8::/32"}},
	{"americas", []string{"203.0.113.0/24"}},
}

// faultsOfTheWorld are there from the start: what goes wrong on any day.
var faultsOfTheWorld = []Fault{
	{Server: "registry/suffixes", Kind: Throttle, RetryAfter: 3600},
	{Server: "registry/bretagne", Kind: Gone},
	{Server: "dns/a.bzh." + infrastructure, Kind: Gone},
	{Server: "dns/b.bzh." + infrastructure, Kind: Gone},
	{Server: "registrar/stillwater", Kind: Gone},
	{Server: "registrar/mirrorgate", Kind: OtherName},
	{Server: "registrar/chantier", Kind: HTML},
}
