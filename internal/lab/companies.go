package lab

import "freehold"

// companies hold the address blocks of the world. Blocks may nest no deeper than
// one: the first that contains an address is its own.
var companies = []company{
	{"Registry Wing Operations", "CH", []string{"127.53.0.0/23"}},

	// A host in Canada whose agency customers bring their own clients. One night
	// everything it held may be wiped.
	{"Nordet Hébergement Web inc.", "CA", []string{"127.53.10.0/24", "203.0.113.0/27"}},

	// A French host that is its own registrar. A gas discharge may break its disks.
	{"Ormalis SAS", "FR", []string{"127.53.11.0/24", "192.0.2.0/27"}},

	// A host whose every server, address and name server is its supplier's: the
	// supplier's name is in the register, the host's is not.
	{"Transit Loire SAS", "FR", []string{"127.53.12.0/24", "192.0.2.32/27"}},

	// A host with one firewall before all that is shared; dedicated machines stand
	// in a block of their own.
	{"Delta-Meuse Hosting SRL", "BE", []string{"127.53.13.0/24", "192.0.2.64/27"}},
	{"Delta-Meuse Dedicated SRL", "BE", []string{"192.0.2.96/27"}},

	// A DNS operator in two networks of two suppliers.
	{"Anycastel DNS AG", "CH", []string{"127.53.14.0/24"}},
	{"Levant Carrier Ltd", "CY", []string{"127.53.15.0/24"}},

	{"Rhodanum Web Sàrl", "CH", []string{"127.53.16.0/24", "198.51.100.0/27", "2001:db8:16::/48"}},

	// A brand that answers no letters, in racks it rents. Its customers' names
	// stand in its reseller account at Wholenames.
	{"Colocation Huveaune SA", "FR", []string{"127.53.17.0/24", "198.51.100.32/27"}},

	{"Postilla Mail AG", "CH", []string{"127.53.18.0/24", "198.51.100.64/27", "2001:db8:18::/48"}},
	{"Comptoir des Noms SA", "FR", []string{"127.53.19.0/24", "198.51.100.96/27"}},
	{"Laurentide Domaines inc.", "CA", []string{"127.53.21.0/24"}},
	{"Vieux Serveurs Associés", "FR", []string{"127.53.22.0/24"}},
	{"Orgue libre, association", "FR", []string{"127.53.23.0/24"}},
	{"Massif Parking GmbH", "AT", []string{"127.53.20.0/24", "203.0.113.128/25"}},
}

// machines are what stands at the addresses.
var machines = []machine{
	{"ns1." + infrastructure, "127.53.0.11", ""}, {"ns2." + infrastructure, "127.53.0.12", ""},

	{"ns1.nordet-web.ca", "127.53.10.1", ""}, {"ns2.nordet-web.ca", "127.53.10.2", ""},
	{"web3.nordet-web.ca", "203.0.113.3", ""}, {"web4.nordet-web.ca", "203.0.113.4", ""}, {"courriel.nordet-web.ca", "203.0.113.9", ""},

	{"ns1.ormalis-hebergement.fr", "127.53.11.1", ""}, {"ns2.ormalis-hebergement.fr", "127.53.11.2", ""},
	{"web1.ormalis-hebergement.fr", "192.0.2.5", ""}, {"mx1.ormalis-hebergement.fr", "192.0.2.8", ""}, {"mx2.ormalis-hebergement.fr", "192.0.2.9", ""},

	{"ns1.arvornet-services.fr", "127.53.12.1", ""}, {"ns2.arvornet-services.fr", "127.53.12.2", ""}, {"ns3.arvornet-services.fr", "127.53.12.3", ""},
	{"web.arvornet-services.fr", "192.0.2.40", ""}, {"mail.arvornet-services.fr", "192.0.2.41", ""},

	{"ns1.delta-meuse.be", "127.53.13.1", ""}, {"ns2.delta-meuse.be", "127.53.13.2", ""},
	{"mutualise7.delta-meuse.be", "192.0.2.70", ""}, {"mail.delta-meuse.be", "192.0.2.71", ""}, {"dedie12.delta-meuse.be", "192.0.2.100", ""},

	{"ns1.anycastel-dns.net", "127.53.14.1", ""}, {"ns2.anycastel-dns.org", "127.53.15.1", ""},

	{"ns1.rhodanum-web.ch", "127.53.16.1", ""}, {"ns2.rhodanum-web.ch", "127.53.16.2", ""},
	{"www3.rhodanum-web.ch", "198.51.100.3", "2001:db8:16::3"}, {"mail.rhodanum-web.ch", "198.51.100.8", ""},

	{"dns1.mistraline.com", "127.53.17.1", ""}, {"dns2.mistraline.com", "127.53.17.2", ""},
	{"srv14.mistraline.com", "198.51.100.44", ""}, {"mail.mistraline.com", "198.51.100.45", ""},

	{"ns1.postilla-mail.ch", "127.53.18.1", ""}, {"ns2.postilla-mail.ch", "127.53.18.2", ""},
	{"in1.postilla-mail.ch", "198.51.100.65", "2001:db8:18::65"}, {"in2.postilla-mail.ch", "198.51.100.66", ""},

	{"dns1.comptoir-des-noms.com", "127.53.19.1", ""}, {"dns2.comptoir-des-noms.com", "127.53.19.2", ""},
	{"redirection.comptoir-des-noms.com", "198.51.100.98", ""}, {"mx.comptoir-des-noms.com", "198.51.100.99", ""},

	{"ns1.laurentide-domaines.ca", "127.53.21.1", ""}, {"ns2.laurentide-domaines.ca", "127.53.21.2", ""},

	{"ns1.vieux-serveurs.net", "127.53.22.1", ""}, {"ns2.vieux-serveurs.net", "127.53.22.2", ""},

	{"ns1.orgue-libre.org", "127.53.23.1", ""}, {"ns2.orgue-libre.org", "127.53.23.2", ""},

	{"ns1.massif-parking.net", "127.53.20.1", ""}, {"ns2.massif-parking.net", "127.53.20.2", ""},
	{"park.massif-parking.net", "203.0.113.130", ""},
}

// staleGlue are addresses that registries still give out for servers that have
// left them.
var staleGlue = map[string]string{"ns2.vieux-serveurs.net": "127.53.22.1"}

// withoutTCP are name servers whose firewall lets only UDP through.
var withoutTCP = []string{"ns2.vieux-serveurs.net"}

// withoutTransfers are name servers that give nobody a whole zone (AXFR): most
// hosts allow it to their own secondaries alone. Here the others allow it to any
// asker, as a host does for a customer who asks.
var withoutTransfers = []string{
	"dns1.mistraline.com", "dns2.mistraline.com", "ns1.massif-parking.net", "ns2.massif-parking.net",
	"dns1.comptoir-des-noms.com", "dns2.comptoir-des-noms.com",
	"ns1.delta-meuse.be", // its second server does
}

// houses are the companies' own names.
var houses = []domain{
	house(infrastructure, "comptoir", "2003-05-12", "2031-05-12", "ns1."+infrastructure, "ns2."+infrastructure),
	house("nordet-web.ca", "laurentide", "2006-09-01", "2027-09-01", "ns1.nordet-web.ca", "ns2.nordet-web.ca"),
	house("ormalis-hebergement.fr", "ormalis", "2002-01-22", "2027-01-22", "ns1.ormalis-hebergement.fr", "ns2.ormalis-hebergement.fr"),
	house("arvornet-services.fr", "comptoir", "2004-06-30", "2027-06-30", "ns1.arvornet-services.fr", "ns2.arvornet-services.fr", "ns3.arvornet-services.fr"),
	house("delta-meuse.be", "comptoir", "1999-11-08", "2027-11-08", "ns1.delta-meuse.be", "ns2.delta-meuse.be"),
	house("anycastel-dns.net", "comptoir", "2011-03-17", "2030-03-17", "ns1.anycastel-dns.net", "ns2.anycastel-dns.org"),
	house("anycastel-dns.org", "alpenname", "2011-03-17", "2030-03-17", "ns1.anycastel-dns.net", "ns2.anycastel-dns.org"),
	house("rhodanum-web.ch", "alpenname", "2008-02-04", "2027-02-28", "ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"),
	house("mistraline.com", "wholenames", "2000-10-03", "2027-10-03", "dns1.mistraline.com", "dns2.mistraline.com"),
	house("postilla-mail.ch", "alpenname", "2013-08-19", "2027-08-31", "ns1.postilla-mail.ch", "ns2.postilla-mail.ch"),
	house("comptoir-des-noms.com", "comptoir", "1998-04-02", "2032-04-02", "dns1.comptoir-des-noms.com", "dns2.comptoir-des-noms.com"),
	house("laurentide-domaines.ca", "laurentide", "2001-07-11", "2028-07-11", "ns1.laurentide-domaines.ca", "ns2.laurentide-domaines.ca"),
	house("massif-parking.net", "wholenames", "2015-12-01", "2027-12-01", "ns1.massif-parking.net", "ns2.massif-parking.net"),
	house("vieux-serveurs.net", "comptoir", "2005-12-05", "2026-12-05", "ns1.vieux-serveurs.net"),
}

// house is a company's own name, registered to the company whose first machine
// stands in it, on servers of its own.
func house(name, registrar, created, expires string, ns ...string) domain {
	return domain{
		name: name, status: freehold.StatusOK, registrar: registrar, created: created, expires: expires, changed: "2026-02-11",
		holder:   holder{org: houseOf[name], email: "noms@" + name, country: "CH"},
		statuses: []string{"clientTransferProhibited"}, ns: ns,
	}
}

var houseOf = map[string]string{
	infrastructure: "Registry Wing Operations", "nordet-web.ca": "Nordet Hébergement Web inc.", "ormalis-hebergement.fr": "Ormalis SAS",
	"arvornet-services.fr": "ArvorNet SARL", "delta-meuse.be": "Delta-Meuse Hosting SRL", "anycastel-dns.net": "Anycastel DNS AG",
	"anycastel-dns.org": "Anycastel DNS AG", "rhodanum-web.ch": "Rhodanum Web Sàrl", "mistraline.com": "Mistraline",
	"postilla-mail.ch": "Postilla Mail AG", "comptoir-des-noms.com": "Comptoir des Noms SA", "laurentide-domaines.ca": "Laurentide Domaines inc.",
	"massif-parking.net": "Massif Parking GmbH", "vieux-serveurs.net": "Vieux Serveurs Associés",
}
