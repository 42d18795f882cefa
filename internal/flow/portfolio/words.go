package portfolio

import (
	"slices"

	"freehold"
	"freehold/internal/headings"
)

// knownWords are how columns are headed in the exports of registrars, panels and
// billing programs, and in people's own spreadsheets: normalised, the surest
// first. Where two columns of a table are of one field, the surer one is taken.
//
// What is no date of expiry is not taken for one: "next due date" is when an
// invoice is due, "renewal date" may be either.
var knownWords = map[freehold.ListingField][][]string{
	freehold.ListedName: {
		{"domain name", "domain names", "domain", "domains", "domainname", "domainnames", "fqdn", "nom de domaine", "noms de domaine", "nom domaine", "domaine", "domaines",
			"domane", "domanen", "domain namen", "domanenname", "domainnamen", "dominio", "domini", "nome a dominio", "nome di dominio", "nombre de dominio", "domein", "domeinnaam",
			"full domain", "full domain name", "primary domain", "main domain", "hauptdomain", "domaine principal", "zone", "zone name", "nom de la zone"},
		{"domain name ace", "domain ace", "ace", "punycode", "idn", "url", "website", "web site", "website url", "webseite", "webadresse", "internetadresse", "site web", "site internet", "site", "adresse du site", "hostname", "host name"},
		{"name", "names", "nom", "noms", "nome", "nombre", "naam", "bezeichnung", "produkt", "product", "produit", "service", "dienst", "description", "libelle"},
	},
	freehold.ListedTLD: {{"tld", "extension", "domain extension", "endung", "domainendung", "top level domain"}},
	freehold.ListedClient: {
		{"client", "clients", "client name", "customer", "customers", "customer name", "kunde", "kunden", "kundin", "kundenname", "nom du client", "nom client", "client final", "end customer", "endkunde", "mandant", "cliente", "klant", "subscriber", "abonnent"},
		{"company", "company name", "firma", "unternehmen", "societe", "entreprise", "raison sociale", "organisation", "organization"},
	},
	freehold.ListedTags: {
		{"tags", "tag", "labels", "label", "etiquettes", "etiquette", "schlagworte", "schlagworter", "stichworte", "stichworter", "markierungen", "mots cles"},
		{"category", "categories", "categorie", "kategorie", "kategorien", "folder", "folders", "foldermemberships", "folder memberships", "ordner", "dossier", "group", "groups", "groupname", "group name", "gruppe", "groupe"},
	},
	freehold.ListedRegistrar: {
		{"registrar", "registrars", "registrar name", "domain registrar", "bureau d enregistrement", "bureau enregistrement", "registraire", "registrierungsstelle", "registriert bei", "registered at", "registered with", "enregistre chez", "registrato presso", "registrador"},
	},
	freehold.ListedAccount: {
		{"registrar account", "registrar account username", "registrar account name", "compte registrar", "compte du registrar", "registrar konto", "konto beim registrar", "account holder", "kontoinhaber", "titulaire du compte", "registrar account owner"},
		{"account", "account name", "account id", "account number", "compte", "konto", "kontoname", "nic handle", "nichandle", "nic admin", "nichandle admin"},
		{"login", "username", "user name", "benutzername", "identifiant", "vertrag", "vertragsnummer", "contract", "contract number", "contrat"},
	},
	freehold.ListedExpires: {
		{"expires", "expires at", "expires on", "expiry", "expiry date", "expiration", "expiration date", "domain expiration date", "domain expiry date", "expire date", "expirydate", "expirationdate", "expires date", "date expires",
			"date d expiration", "date expiration", "expire le", "expire", "expiration le", "echeance", "date d echeance", "date echeance", "ablauf", "ablaufdatum", "lauft ab", "lauft ab am", "ablauf am", "gultig bis", "laufzeitende", "laufzeit bis",
			"registriert bis", "valid until", "valid till", "paid until", "paye jusqu au", "valable jusqu au", "bezahlt bis", "data di scadenza", "scadenza", "fecha de expiracion", "fecha de vencimiento", "vencimiento", "vervaldatum", "registry expiry date", "registry ends at"},
		{"end date", "date de fin", "enddatum"},
	},
	freehold.ListedAutoRenew: {
		{"auto renew", "autorenew", "auto renewal", "autorenewal", "automatic renewal", "domain auto renew status", "auto renew status", "renewal status", "renew option", "renouvellement automatique", "renouvellement auto", "autorenouvellement",
			"reconduction", "automatische verlangerung", "auto verlangerung", "autoverlangerung", "verlangerung automatisch", "rinnovo automatico", "renovacion automatica", "renewal mode", "mode de renouvellement", "type de renouvellement"},
	},
	freehold.ListedHost: {
		{"web host", "webhost", "webhoster", "hosting provider", "web hosting provider", "hosting company", "hoster", "hebergeur", "hebergeur web", "heberge chez", "gehostet bei", "hosted at", "hosted by"},
		{"host", "hosting", "hebergement", "webhosting", "web hosting"},
	},
	freehold.ListedPayer: {
		{"payer", "payeur", "paid by", "paye par", "zahler", "bezahlt von", "bezahlt durch", "rechnungsempfanger", "invoice to", "invoiced to", "billed to", "facture a", "rechnung an"},
		{"billing contact", "billing", "contact facturation", "facturation", "nic billing", "nichandle billing", "rechnungskontakt"},
	},
	freehold.ListedNotes: {
		{"notes", "note", "comments", "comment", "commentaire", "commentaires", "remarque", "remarques", "bemerkung", "bemerkungen", "notiz", "notizen", "kommentar", "kommentare", "anmerkung", "anmerkungen", "remark", "remarks", "additional notes", "domain note", "domain notes", "memo", "note interne", "hinweis", "hinweise", "osservazioni", "observaciones"},
	},
}

// otherHosts are words in the headings of columns that hold host names which are
// not the domains: name servers, mail servers, where a name is forwarded to.
var otherHosts = []string{"ns", "nameserver", "nameservers", "name server", "name servers", "dns", "serveur", "serveurs", "server", "mail", "email", "e mail", "courriel", "contact", "forward", "forwarding", "redirect", "redirection", "weiterleitung", "mx"}

// fieldOf returns the field a heading is known for, and how surely: 0 is surest.
func fieldOf(normalised string) (freehold.ListingField, int, bool) {
	for _, f := range freehold.ListingFields {
		for rank, words := range knownWords[f] {
			if slices.Contains(words, normalised) {
				return f, rank, true
			}
		}
	}
	return "", 0, false
}

// yesWords and noWords are how exports say whether a name renews by itself.
var (
	yesWords = []string{"yes", "y", "oui", "o", "ja", "j", "si", "true", "vrai", "wahr", "1", "on", "enabled", "enable", "active", "activated", "actif", "activee", "aktiv", "aktiviert", "auto", "automatic", "automatique", "automatisch", "auto renew", "autorenew", "x", "✓", "✔"}
	noWords  = []string{"no", "n", "non", "nein", "false", "faux", "falsch", "0", "off", "disabled", "disable", "inactive", "deactivated", "inactif", "desactive", "desactivee", "inaktiv", "deaktiviert", "manual", "manuel", "manuell", "do not renew", "expire", "let expire"}
)

// yesOrNo reads whether a name renews by itself.
func yesOrNo(s string) (string, bool) {
	n := headings.Normal(s)
	if n == "" {
		n = s // a tick
	}
	switch {
	case slices.Contains(yesWords, n):
		return freehold.AttestedYes, true
	case slices.Contains(noWords, n):
		return freehold.AttestedNo, true
	}
	return "", false
}
