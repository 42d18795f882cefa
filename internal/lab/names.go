package lab

import "freehold"

// stories are the names an audit of the world is about, grouped by the host they
// would leave. Each says what verdict it should reach and why.
//
// "Today" of the world is 25 November 2026.
var stories = []domain{
	// At Nordet in Canada, through an agency: the clients of a host that may be wiped one night.
	{
		name: "clinique-des-erables.ca", story: "agency client in Canada; the owner says the host holds the account at the registrar",
		leave: freehold.LeaveWithHost, status: freehold.StatusOK,
		registrar: "laurentide", holder: holder{"Odile Tranchemontagne", "Clinique des Érables inc.", "direction@clinique-des-erables.ca", "CA"}, conceal: concealText,
		created: "2012-02-06", expires: "2027-02-06", changed: "2026-01-20", statuses: []string{"clientTransferProhibited"},
		ns: nordet, web: "web3.nordet-web.ca", mail: []string{"courriel.nordet-web.ca"}, records: []string{`@ TXT "v=spf1 a mx include:_spf.nordet-web.ca -all"`},
		said: []saying{{"account", "host", "2026-10-14", false}, {"host", "Nordet Hébergement Web inc.", "2026-10-14", false}, {"files_copy", "no", "2026-10-14", false}},
	},
	{
		name: "cabinet-lauzon.ca", story: "agency client in Canada; nothing was ever said about it: public data alone",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "laurentide", holder: holder{"Yvon Lauzon-Desrivières", "", "ylauzon@cabinet-lauzon.ca", "CA"}, conceal: concealText,
		created: "2015-09-14", expires: "2027-09-14", changed: "2026-09-15", statuses: []string{"clientTransferProhibited"},
		ns: nordet, web: "web4.nordet-web.ca", mail: []string{"courriel.nordet-web.ca"},
	},
	{
		name: "boulange-beaupre.ca", story: "registered ten days ago: the Canadian registry's 60 days cannot be shortened",
		leave: freehold.LeaveNotBefore, status: freehold.StatusOK,
		registrar: "laurentide", holder: holder{"", "Boulange Beaupré SENC", "pain@boulange-beaupre.ca", "CA"}, conceal: concealNone,
		created: "2026-11-15", expires: "2027-11-15", changed: "2026-11-15", statuses: []string{"addPeriod"},
		ns: nordet, web: "web4.nordet-web.ca", mail: []string{"courriel.nordet-web.ca"},
		said: []saying{{"account", "me", "2026-11-16", false}},
	},
	{
		name: "garage-montfleuri.com", story: "agency client; the registrar's record names Nordet as reseller",
		leave: freehold.LeaveWithHost, status: freehold.StatusOK,
		registrar: "wholenames", reseller: "Nordet Hébergement Web inc.", holder: holder{"", "Garage Montfleuri enr.", "garage@montfleuri-auto.ca", "CA"}, conceal: concealText,
		created: "2010-06-22", expires: "2027-06-22", transferred: "2018-07-02", changed: "2026-06-23", statuses: []string{"clientTransferProhibited"},
		ns: nordet, web: "web3.nordet-web.ca", mail: []string{"courriel.nordet-web.ca"}, records: []string{`@ TXT "v=spf1 include:_spf.nordet-web.ca -all"`},
		copies: []zoneCopy{{"2026-11-20", "axfr ns1.nordet-web.ca", freehold.CoverageTransferred, serial, 9, "sftp://courriel.nordet-web.ca/zones"}},
	},
	{
		name: "fleuriste-hautecour.com", story: "agency client; one name server has not seen the last change of the zone",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "laurentide", holder: holder{"", "Fleuriste Hautecour inc.", "", "CA"},
		created: "2017-04-11", expires: "2027-04-11", changed: "2026-04-12", statuses: []string{"clientTransferProhibited", "clientUpdateProhibited"},
		ns: nordet, behind: []string{"ns2.nordet-web.ca"}, web: "web3.nordet-web.ca", mail: []string{"courriel.nordet-web.ca"},
		copies: []zoneCopy{{"2026-09-04", "axfr ns1.nordet-web.ca", freehold.CoverageTransferred, serialBehind, 8, "/agence/zones/2026-09-04"}},
	},

	// At Ormalis in France, host and registrar in one, whose machine room may burn.
	{
		name: "serrurerie-quaibleu.fr", story: "the host is also the registrar",
		leave: freehold.LeaveWithHost, status: freehold.StatusOK,
		registrar: "ormalis", holder: holder{"", "Serrurerie du Quai Bleu SARL", "contact@serrurerie-quaibleu.fr", "FR"}, conceal: concealNone,
		created: "2009-03-30", expires: "2027-03-30", changed: "2026-03-31", statuses: []string{"ok"},
		ns: ormalis, web: "web1.ormalis-hebergement.fr", mail: []string{"mx1.ormalis-hebergement.fr", "mx2.ormalis-hebergement.fr"},
		records: []string{`@ TXT "v=spf1 include:_spf.ormalis-hebergement.fr -all"`, `_dmarc TXT "v=DMARC1; p=none"`},
	},
	{
		name: "café-des-tanneurs.fr", story: "an international name; host and registrar are one, the zone is signed by them",
		leave: freehold.LeaveWithHost, status: freehold.StatusOK,
		registrar: "ormalis", holder: holder{"", "Café des Tanneurs SARL", "salle@cafe-tanneurs-annexe.fr", "FR"}, conceal: concealNone,
		created: "2013-05-17", expires: "2027-05-17", changed: "2026-05-18", statuses: []string{"ok"},
		ns: ormalis, signed: nsec3, web: "web1.ormalis-hebergement.fr", mail: []string{"mx1.ormalis-hebergement.fr"},
	},
	{
		name: "yoga-anse-bleue.re", story: "one of its two name servers does not know the zone",
		leave: freehold.LeaveWithHost, status: freehold.StatusOK,
		registrar: "ormalis", holder: holder{"Maëva Payet-Grondin", "", "", "RE"},
		created: "2020-01-08", expires: "2027-01-08", changed: "2026-01-09", statuses: []string{"ok"},
		ns: ormalis, lame: []string{"ns2.ormalis-hebergement.fr"}, web: "web1.ormalis-hebergement.fr", mail: []string{"mx1.ormalis-hebergement.fr"},
	},
	{
		name: "poterie-valmage.fr", story: "nobody has registered it",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK, gone: true,
	},

	// At Mistraline, who answers no letters.
	{
		name: "fromagerie-du-cret.com", story: "since 2001 in the host's reseller account, which no public record shows",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "wholenames", holder: holder{"Émile Vachoud", "", "", "FR"}, conceal: concealText,
		created: "2001-03-14", expires: "2027-03-14", changed: "2026-03-15", statuses: []string{"clientTransferProhibited"},
		ns: mistraline, web: "srv14.mistraline.com", mail: []string{"mail.mistraline.com"}, records: []string{`@ TXT "v=spf1 a:mail.mistraline.com -all"`},
	},
	{
		name: "menuiserie-octave.com", story: "renewed by the registry, not yet paid for: the registrar's expiry has passed",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"Octave Brizoual", "", "", "FR"},
		created: "2011-11-10", expires: "2027-11-10", paidUntil: "2026-11-10", changed: "2026-11-11", statuses: []string{"autoRenewPeriod", "clientTransferProhibited"},
		ns: mistraline, web: "srv14.mistraline.com", mail: []string{"mail.mistraline.com"},
	},
	{
		name: "expo-lumiere-nord.com", story: "expired and gone: the registry holds it no more, the owner once said it was theirs",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK, gone: true,
		said: []saying{{"account", "me", "2026-02-03", false}},
	},

	// At ArvorNet, all of whose servers are its supplier's.
	{
		name: "radio-vallon-libre.fr", story: "three name servers, one network of one supplier; any name below it answers",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Association Radio Vallon Libre", "antenne@radio-vallon-libre.fr", "FR"}, conceal: concealNone,
		created: "2005-10-21", expires: "2027-10-21", changed: "2026-10-22", statuses: []string{"ok"},
		ns: arvornet, signed: nsec3, web: "web.arvornet-services.fr", mail: []string{"mail.arvornet-services.fr"}, records: []string{"* A 192.0.2.40", `@ CAA 0 issue "acme-lab.example"`},
		copies: []zoneCopy{{"2026-11-19", "questions to ns1.arvornet-services.fr", freehold.CoverageObserved, serial, 7, "/radio/zones"}},
	},
	{
		name: "notaires-du-faubourg.com", story: "signed, and the signatures ran out: validating resolvers refuse it",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Étude des Notaires du Faubourg", "", "FR"},
		created: "2008-01-15", expires: "2028-01-15", changed: "2026-01-16", statuses: []string{"clientTransferProhibited"},
		ns: arvornet, signed: expired, web: "web.arvornet-services.fr", mail: []string{"mail.arvornet-services.fr"},
	},
	{
		name: "domaine-clairefont.com", story: "one name server's domain expires in ten days, the other's can be registered by anyone",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "SCEA Domaine de Clairefont", "", "FR"},
		created: "2004-08-26", expires: "2027-08-26", changed: "2026-08-27", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.vieux-serveurs.net", "ns1.relais-perdu.net"}, web: "web.arvornet-services.fr", mail: []string{"mail.arvornet-services.fr"},
	},

	// At Delta-Meuse in Belgium, with one firewall before what is shared.
	{
		name: "orfevrerie-sambre.com", story: "on the shared machines behind one firewall",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Orfèvrerie de la Sambre SRL", "", "BE"},
		created: "2003-12-02", expires: "2027-12-02", changed: "2026-01-05", statuses: []string{"clientTransferProhibited"},
		ns: deltaMeuse, web: "mutualise7.delta-meuse.be", mail: []string{"mail.delta-meuse.be"},
	},
	{
		name: "brasserie-deux-ponts.be", story: "on a machine of its own, its name servers on the shared ones; no RDAP in Belgium",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Brasserie des Deux Ponts SRL", "", "BE"},
		created: "2006-04-19", expires: "2027-04-19", changed: "2026-04-20",
		ns: deltaMeuse, web: "dedie12.delta-meuse.be", mail: []string{"mail.delta-meuse.be"},
	},
	{
		name: "traiteur-lievens.eu", story: "the European registry is on WHOIS only; whose mailbox it writes to was never said",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Traiteur Lievens BV", "info@traiteur-lievens.eu", "BE"},
		created: "2014-02-10", expires: "2027-02-28",
		ns: deltaMeuse, web: "mutualise7.delta-meuse.be", mail: []string{"mail.delta-meuse.be"},
	},
	{
		name: "pepiniere-du-vully.eu", story: "the owner holds the registrant's mailbox: the registry's own site gives the code",
		leave: freehold.LeaveAlone, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Pépinière du Vully", "serres@vully-postbox.ch", "FR"},
		created: "2016-07-01", expires: "2027-07-31",
		ns: postilla, signed: nsec, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch", "in2.postilla-mail.ch"},
		said: []saying{{"contact_mailbox", "me", "2026-10-30", false}, {"registry_access", "yes", "2026-10-30", false}, {"host", "Rhodanum Web Sàrl", "2026-10-30", false}},
	},

	// At Rhodanum in Switzerland, and with owners who hold their own accounts.
	{
		name: "atelier-verrine.ch", story: "the owner can log in at the registrar; the zone is signed",
		leave: freehold.LeaveAlone, status: freehold.StatusOK,
		registrar: "alpenname", holder: holder{"", "Atelier Verrine Sàrl", "bonjour@atelier-verrine.ch", "CH"}, conceal: concealNone,
		created: "2007-06-05", expires: "2027-06-30", changed: "2025-11-03",
		ns: rhodanum, signed: nsec, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"}, records: []string{`@ TXT "v=spf1 include:_spf.postilla-mail.ch -all"`, `_dmarc TXT "v=DMARC1; p=reject"`, "*.clients A 198.51.100.3"},
		said: []saying{{"account", "me", "2026-09-28", false}, {"host", "Rhodanum Web Sàrl", "2026-09-28", false}, {"recovery", "owner's private mailbox", "2026-09-28", false}, {"key_holders", "2", "2026-09-28", false}},
	},
	{
		name: "fournil-des-orgues.com", story: "access to the account was proven; mail, web and name servers are with different parties",
		leave: freehold.LeaveAlone, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Fournil des Orgues SNC", "", "FR"},
		created: "2009-10-12", expires: "2028-10-12", transferred: "2019-03-02", changed: "2026-10-13", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.anycastel-dns.net", "ns2.anycastel-dns.org"}, signed: nsec3, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch", "in2.postilla-mail.ch"},
		records: []string{`@ TXT "v=spf1 include:_spf.postilla-mail.ch -all"`, `@ CAA 0 issue "acme-lab.example"`, `_dmarc TXT "v=DMARC1; p=quarantine"`},
		said:    []saying{{"account", "me", "2026-11-02", true}, {"host", "Rhodanum Web Sàrl", "2026-11-02", false}, {"contact_mailbox", "me", "2026-11-02", false}, {"payer", "me", "2026-11-02", false}, {"recovery", "the accountant", "2026-11-02", false}, {"zone_copy", "yes", "2026-11-02", false}, {"files_copy", "yes", "2026-11-02", false}, {"database_copy", "yes", "2026-11-02", false}, {"mail_copy", "yes", "2026-11-02", false}, {"key_holders", "2", "2026-11-02", false}},
	},
	{
		name: "librairie-sept-marches.fr", story: "the owner can log in at the registrar",
		leave: freehold.LeaveAlone, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Librairie des Sept Marches SCOP", "livres@librairie-sept-marches.fr", "FR"}, conceal: concealNone,
		created: "2012-12-03", expires: "2026-12-19", changed: "2025-12-04", statuses: []string{"ok"},
		ns: []string{"dns1.comptoir-des-noms.com", "dns2.comptoir-des-noms.com"}, signed: nsec3, web: "web1.ormalis-hebergement.fr", mail: []string{"in1.postilla-mail.ch"}, records: []string{"catalogue.poches A 192.0.2.5"},
		said: []saying{{"account", "me", "2026-08-30", false}, {"host", "Ormalis SAS", "2026-08-30", false}},
	},
	{
		name: "savon-cardinal.com", story: "registered on 20 October: the registry blocks transfers for 60 days",
		leave: freehold.LeaveNotBefore, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Savonnerie Cardinal SAS", "", "FR"},
		created: "2026-10-20", expires: "2027-10-20", changed: "2026-10-20", statuses: []string{"clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
		said: []saying{{"account", "me", "2026-11-20", false}, {"host", "Rhodanum Web Sàrl", "2026-11-20", false}},
	},
	{
		name: "velo-cantilene.com", story: "moved to its registrar 20 days ago: the registrar may refuse for 60 days, or agree earlier",
		leave: freehold.LeaveNotBefore, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Vélo Cantilène Sàrl", "", "CH"},
		created: "2014-03-25", expires: "2028-03-25", transferred: "2026-11-05", changed: "2026-11-05", statuses: []string{"transferPeriod", "clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"mail.rhodanum-web.ch"},
		said: []saying{{"account", "me", "2026-11-06", false}, {"host", "Rhodanum Web Sàrl", "2026-11-06", false}},
	},
	{
		name: "tonnellerie-vinage.li", story: "in Liechtenstein; nothing was ever said about it",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "alpenname", holder: holder{"", "Tonnellerie Vinage Anstalt", "", "LI"}, conceal: concealNone,
		created: "2019-09-09", expires: "2027-09-30", changed: "2026-09-10",
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"mail.rhodanum-web.ch"},
	},

	// Who holds what, as owners said it or as records show it.
	{
		name: "verger-sorbier.com", story: "the host pays for it, and the holder's mailbox is the host's",
		leave: freehold.LeaveAlone, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Verger du Sorbier Sàrl", "client4711@rhodanum-web.ch", "CH"}, conceal: concealNone,
		created: "2013-04-09", expires: "2028-04-09", changed: "2026-04-10", statuses: []string{"clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
		said: []saying{{"account", "me", "2026-10-06", false}, {"host", "Rhodanum Web Sàrl", "2026-10-06", false}, {"payer", "host", "2026-10-06", false}},
	},
	{
		name: "ferme-noisetier.com", story: "one person, one private mailbox, one login; who hosts it was said a year ago",
		leave: freehold.LeaveAlone, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"Loïc Noisetier", "Ferme du Noisetier", "ferme-noisetier.lab@bluewin.ch", "CH"}, conceal: concealNone,
		created: "2011-02-17", expires: "2028-02-17", changed: "2026-02-18", statuses: []string{"clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"mail.rhodanum-web.ch"},
		said: []saying{{"host", "Rhodanum Web Sàrl", "2025-11-28", false}, {"account", "me", "2026-09-02", false}, {"key_holders", "1", "2026-09-02", false}},
	},
	{
		name: "lutherie-bois-clair.com", story: "the host entered itself as the holder",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Rhodanum Web Sàrl", "noms@rhodanum-web.ch", "CH"}, conceal: concealNone,
		created: "2009-05-28", expires: "2027-05-28", changed: "2026-05-29", statuses: []string{"clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"mail.rhodanum-web.ch"},
	},
	{
		name: "theatre-des-halles.com", story: "a privacy service stands as the holder; the owner names another registrar than the record does",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Paravent Whois Privacy Service Ltd", "", "IE"}, conceal: concealNone,
		created: "2016-09-12", expires: "2027-09-12", changed: "2026-09-13", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.anycastel-dns.net", "ns2.anycastel-dns.org"}, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
		said:   []saying{{"registrar", "Alpenname AG", "2026-09-21", false}},
		before: &before{"2026-10-02", "Comptoir des Noms SA", []string{"ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"}},
	},
	{
		name: "moulin-de-brevenne.com", story: "moved to another registrar two weeks ago, after its owner said that they hold the account",
		leave: freehold.LeaveNotBefore, status: freehold.StatusOK,
		registrar: "wholenames", holder: holder{"", "Moulin de Brévenne SARL", "", "FR"}, conceal: concealText,
		created: "2006-03-08", expires: "2028-03-08", transferred: "2026-11-11", changed: "2026-11-11", statuses: []string{"transferPeriod"},
		ns: mistraline, web: "srv14.mistraline.com", mail: []string{"mail.mistraline.com"},
		said:   []saying{{"account", "me", "2026-10-01", false}},
		before: &before{"2026-10-20", "Comptoir des Noms SA", mistraline},
	},

	// What goes wrong in the DNS.
	{
		name: "horloger-combe.ch", story: "certificates only for one account at the authority; the zone asks for other keys than the parent has",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "alpenname", holder: holder{"", "Horlogerie de la Combe SA", "", "CH"},
		created: "2010-12-13", expires: "2027-12-31", changed: "2026-01-04",
		ns: postilla, signed: nsec, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
		records: []string{
			`@ CAA 0 issue "acme-lab.example; accounturi=https://acme-lab.example/acct/4711"`,
			"@ CDS 4711 13 2 9F2A5C1E7B3D4068A1C2E3F405162738495A6B7C8D9EAFB0C1D2E3F405162738",
		},
	},
	{
		name: "camping-trois-cols.com", story: "the parent still vouches for a key of the operator before last",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Camping des Trois Cols", "", "FR"},
		created: "2014-06-18", expires: "2027-06-18", changed: "2026-06-19", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.anycastel-dns.net", "ns2.anycastel-dns.org"}, signed: nsec3, oldDS: true, web: "web1.ormalis-hebergement.fr", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "ruches-de-montalban.net", story: "one name server has moved and the registry does not know; there it answers over UDP only",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Les Ruches de Montalban", "", "FR"},
		created: "2018-03-20", expires: "2027-03-20", changed: "2026-03-21", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.vieux-serveurs.net", "ns2.vieux-serveurs.net"}, web: "web1.ormalis-hebergement.fr", mail: []string{"mx1.ormalis-hebergement.fr"},
	},
	{
		name: "sabotier-kerlan.com", story: "one name server of the delegation is nowhere",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "wholenames", holder: holder{"", "Saboterie Kerlan", "", "FR"}, conceal: concealText,
		created: "2008-09-30", expires: "2027-09-30", changed: "2026-10-01", statuses: []string{"clientTransferProhibited"},
		ns: []string{"dns1.mistraline.com", "dns3.mistraline.com"}, web: "srv14.mistraline.com", mail: []string{"mail.mistraline.com"},
	},
	{
		name: "orgue-libre.org", story: "its name servers are named in itself",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Orgue libre, association", "", "FR"},
		created: "2007-11-19", expires: "2027-11-19", changed: "2026-01-12", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.orgue-libre.org", "ns2.orgue-libre.org"}, web: "web1.ormalis-hebergement.fr", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "piscine-aubepine.org", story: "registered with name servers that the parent zone does not have",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK, unpublished: true,
		registrar: "comptoir", holder: holder{"", "Piscine de l'Aubépine", "", "FR"},
		created: "2015-07-07", expires: "2027-07-07", changed: "2026-07-08", statuses: []string{"clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "orme-veterinaires.com", story: "on hold by its registrar: out of the DNS",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Clinique vétérinaire de l'Orme", "", "FR"},
		created: "2012-10-29", expires: "2027-10-29", changed: "2026-10-30", statuses: []string{"clientHold", "clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "reliure-saint-loup.net", story: "the registrar's record still names the servers of before",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Reliure Saint-Loup", "", "FR"},
		created: "2017-01-26", expires: "2028-01-26", changed: "2026-01-27", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.anycastel-dns.net", "ns2.anycastel-dns.org"}, recordNS: mistraline, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
	},

	// Names that nothing moves now.
	{
		name: "hotel-petit-passage.com", story: "deleted by the registrar; it can still be restored from redemption",
		leave: freehold.LeaveNo, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Hôtel du Petit Passage SARL", "", "FR"},
		created: "2010-10-08", expires: "2026-10-08", changed: "2026-11-12", statuses: []string{"pendingDelete", "redemptionPeriod"},
	},
	{
		name: "caves-du-ponant.org", story: "locked by the registry over a dispute",
		leave: freehold.LeaveNo, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Caves du Ponant SARL", "", "FR"},
		created: "2013-01-31", expires: "2028-01-31", changed: "2026-09-02", statuses: []string{"serverTransferProhibited", "serverUpdateProhibited", "serverDeleteProhibited"},
		ns: arvornet, web: "web.arvornet-services.fr", mail: []string{"mail.arvornet-services.fr"},
		said: []saying{{"account", "me", "2026-09-20", false}},
	},
	{
		name: "transports-gervanne.net", story: "a transfer to another registrar is under way",
		leave: freehold.LeaveNo, status: freehold.StatusOK,
		registrar: "wholenames", holder: holder{"", "Transports Gervanne SAS", "", "FR"}, conceal: concealText,
		created: "2002-05-29", expires: "2027-05-29", changed: "2026-11-23", statuses: []string{"pendingTransfer"},
		ns: mistraline, web: "srv14.mistraline.com", mail: []string{"mail.mistraline.com"},
	},

	// Sources that do not answer as they should.
	{
		name: "chocolats-aubemont.swiss", story: "the registry throttles every question",
		leave: freehold.LeaveUnknown, status: freehold.StatusPartial,
		registrar: "alpenname", holder: holder{"", "Chocolats Aubemont SA", "", "CH"},
		created: "2016-02-15", expires: "2027-02-15", changed: "2026-02-16",
		ns: rhodanum, signed: nsec, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "imprimerie-grandlac.com", story: "the registrar's server is gone",
		leave: freehold.LeaveUnknown, status: freehold.StatusPartial,
		registrar: "stillwater", holder: holder{"", "Imprimerie Grandlac SA", "", "CH"},
		created: "2000-11-28", expires: "2026-12-28", changed: "2025-11-29", statuses: []string{"clientTransferProhibited"},
		ns: rhodanum, web: "www3.rhodanum-web.ch", mail: []string{"mail.rhodanum-web.ch"},
	},
	{
		name: "meunerie-castelan.net", story: "the registrar's server answers about another name",
		leave: freehold.LeaveUnknown, status: freehold.StatusPartial,
		registrar: "mirrorgate", holder: holder{"", "Meunerie Castelan SARL", "", "FR"},
		created: "2018-08-08", expires: "2027-08-08", changed: "2026-08-09", statuses: []string{"ok"},
		ns: ormalis, web: "web1.ormalis-hebergement.fr", mail: []string{"mx1.ormalis-hebergement.fr"},
	},
	{
		name: "herboriste-lumen.org", story: "the registrar's server shows a page instead of its record",
		leave: freehold.LeaveUnknown, status: freehold.StatusPartial,
		registrar: "chantier", holder: holder{"", "Herboristerie Lumen", "", "FR"},
		created: "2021-06-14", expires: "2027-06-14", changed: "2026-06-15", statuses: []string{"ok"},
		ns: ormalis, web: "web1.ormalis-hebergement.fr", mail: []string{"mx1.ormalis-hebergement.fr"},
	},
	{
		name: "ostrea-marais.bzh", story: "nothing answers: neither the registry nor the name servers of the top-level domain",
		leave: freehold.LeaveUnknown, status: freehold.StatusFailed,
		registrar: "comptoir", holder: holder{"", "Ostréa des Marais EARL", "", "FR"},
		created: "2019-02-18", expires: "2027-02-18", changed: "2026-02-19",
		ns: arvornet, web: "web.arvornet-services.fr",
	},

	// What registries and registrars hide, and how they write.
	{
		name: "association-rivebelle.org", story: "every field of the holder hidden, by every method",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"Joris Vandenhoeck", "Association Rivebelle", "bureau@rivebelle-asso.fr", "FR"}, conceal: concealAll,
		created: "2010-02-22", expires: "2027-02-22", changed: "2026-02-23", statuses: []string{"clientTransferProhibited"},
		ns: []string{"ns1.anycastel-dns.net", "ns2.anycastel-dns.org"}, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "bijoux-aurelle.uk", story: "the registry's number for the registrar is not ICANN's",
		leave: freehold.LeaveUnknown, status: freehold.StatusOK,
		registrar: "sansfiche", holder: holder{"", "Aurelle Jewellery Ltd", "", "GB"},
		created: "2015-05-05", expires: "2027-05-05", changed: "2026-05-06", statuses: []string{"ok"},
		ns: []string{"ns1.anycastel-dns.net", "ns2.anycastel-dns.org"}, web: "www3.rhodanum-web.ch", mail: []string{"in1.postilla-mail.ch"},
	},
	{
		name: "ebenisterie-colline.shop", story: "the site stands at the registrar; the registry names it in the organisation field only; the zone names a server the parent does not",
		leave: freehold.LeaveWithHost, status: freehold.StatusOK,
		registrar: "comptoir", holder: holder{"", "Ébénisterie de la Colline", "", "FR"},
		created: "2022-10-03", expires: "2027-10-03", changed: "2026-10-04", statuses: []string{"clientTransferProhibited"},
		ns: []string{"dns1.comptoir-des-noms.com", "dns2.comptoir-des-noms.com"}, childNS: []string{"dns1.comptoir-des-noms.com", "ns1.anycastel-dns.net"},
		web: "redirection.comptoir-des-noms.com", mail: []string{"mx.comptoir-des-noms.com"},
	},
}

// The name servers that hosts give their customers.
var (
	nordet     = []string{"ns1.nordet-web.ca", "ns2.nordet-web.ca"}
	ormalis    = []string{"ns1.ormalis-hebergement.fr", "ns2.ormalis-hebergement.fr"}
	mistraline = []string{"dns1.mistraline.com", "dns2.mistraline.com"}
	arvornet   = []string{"ns1.arvornet-services.fr", "ns2.arvornet-services.fr", "ns3.arvornet-services.fr"}
	deltaMeuse = []string{"ns1.delta-meuse.be", "ns2.delta-meuse.be"}
	rhodanum   = []string{"ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"}
	postilla   = []string{"ns1.postilla-mail.ch", "ns2.postilla-mail.ch"}
)
