package register

import (
	"slices"

	"freehold"
)

// knownWords are how columns are headed in the exports of billing programs, panels,
// registrars and registries, normalised.
var knownWords = map[freehold.ListingField][]string{
	freehold.RegisterCustomer: {"customer", "customer id", "customer no", "customer nr", "customer number", "client id", "client no", "client number", "account", "account id", "account no", "account number", "userid", "user id", "username", "login",
		"kunde", "kundennr", "kunden nr", "kundennummer", "kunden nummer", "kunden id", "konto", "kontonummer", "debitor", "debitorennummer", "vertragsnummer",
		"no client", "n client", "numero client", "numero de client", "id client", "code client", "reference client", "compte", "numero de compte", "compte client", "identifiant"},
	freehold.RegisterPerson: {"person", "name", "full name", "contact", "contact name", "first name", "firstname", "last name", "lastname", "surname", "given name", "account owner",
		"ansprechpartner", "kontaktperson", "vorname", "nachname", "familienname", "nom", "prenom", "nom complet", "personne de contact", "interlocuteur", "payer", "payeur", "zahler", "auftraggeber", "donneur d ordre"},
	freehold.RegisterOrganisation:  {"organisation", "organization", "org", "company", "company name", "companyname", "business name", "firma", "firmenname", "unternehmen", "societe", "entreprise", "raison sociale", "nom de l entreprise"},
	freehold.RegisterCompany:       {"company number", "company register number", "registration number", "vat number", "vat id", "tax id", "uid", "uid nummer", "handelsregisternummer", "ust id", "mwst nummer", "siren", "siret", "ide", "numero ide", "numero d entreprise", "no tva", "numero tva", "numero de tva"},
	freehold.ListedName:            {"domain", "domains", "domain name", "domain names", "domainname", "fqdn", "hauptdomain", "domane", "domanenname", "domainnamen", "domaine", "domaines", "nom de domaine", "noms de domaine"},
	freehold.ListedTLD:             {"tld", "extension", "domainendung", "endung"},
	freehold.RegisterHolder:        {"holder", "registrant", "registrant name", "registrant organisation", "registrant organization", "owner", "domain owner", "owner c", "inhaber", "domaininhaber", "halter", "domainhalter", "titulaire", "titulaire du domaine", "proprietaire"},
	freehold.RegisterMail:          {"mail", "e mail", "email", "email address", "e mail address", "mail address", "contact email", "e mail adresse", "mailadresse", "emailadresse", "courriel", "adresse mail", "adresse e mail", "adresse email", "adresse electronique", "registrant email", "second email", "billing email"},
	freehold.RegisterPhone:         {"phone", "phone number", "phonenumber", "telephone", "tel", "mobile", "mobile phone", "cell phone", "voice", "telefon", "telefonnummer", "handy", "mobil", "mobiltelefon", "natel", "numero de telephone", "portable", "telephone portable", "telephone mobile", "telephone fixe"},
	freehold.RegisterPost:          {"address", "postal address", "full address", "adresse", "postadresse", "anschrift", "adresse postale", "adresse complete", "billing address", "rechnungsadresse", "adresse de facturation"},
	freehold.RegisterStreet:        {"street", "street address", "address 1", "address 2", "address1", "address2", "address line 1", "address line 2", "strasse", "strasse nr", "strasse und hausnummer", "rue", "adresse 1", "adresse 2", "adresse1", "adresse2"},
	freehold.RegisterPostcode:      {"postcode", "postal code", "zip", "zip code", "zipcode", "pc", "plz", "postleitzahl", "code postal", "npa", "cp"},
	freehold.RegisterCity:          {"city", "town", "ort", "stadt", "wohnort", "ville", "localite", "commune"},
	freehold.RegisterCountry:       {"country", "country code", "cc", "land", "landercode", "pays", "code pays"},
	freehold.RegisterBank:          {"bank", "bank account", "iban", "iban payer", "payer account", "debtor account", "account of payer", "bankkonto", "bankverbindung", "konto des zahlers", "absenderkonto", "compte bancaire", "compte du payeur", "compte debite"},
	freehold.RegisterRecovery:      {"recovery", "recovery contact", "recovery email", "recovery mail", "recovery phone", "emergency contact", "wiederherstellungskontakt", "wiederherstellungs e mail", "notfallkontakt", "contact de secours", "e mail de secours", "courriel de secours", "telephone de secours"},
	freehold.RegisterKey:           {"public key", "ssh key", "ssh public key", "minisign key", "offentlicher schlussel", "ssh schlussel", "cle publique", "cle ssh"},
	freehold.RegisterSince:         {"since", "contact since", "on record since", "seit", "erfasst am", "kontakt seit", "depuis", "enregistre le", "contact depuis"},
	freehold.RegisterMailSince:     {"mail since", "email since", "e mail since", "email changed", "email changed at", "e mail seit", "mail seit", "e mail geandert", "e mail depuis", "email depuis", "courriel depuis", "e mail modifie le"},
	freehold.RegisterPhoneSince:    {"phone since", "telephone since", "phone changed", "telefon seit", "telefon geandert", "telephone depuis", "tel depuis", "telephone modifie le"},
	freehold.RegisterPostSince:     {"post since", "address since", "address changed", "adresse seit", "adresse geandert", "adresse depuis", "adresse modifiee le"},
	freehold.RegisterBankSince:     {"bank since", "bank account since", "bank seit", "konto seit", "banque depuis", "compte depuis"},
	freehold.RegisterRecoverySince: {"recovery since", "notfallkontakt seit", "contact de secours depuis"},
	freehold.RegisterChanged:       {"changed", "changed at", "last changed", "updated", "updated at", "last update", "last updated", "modified", "last modified", "up date", "update date", "geandert", "geandert am", "letzte anderung", "modifie le", "derniere modification", "mis a jour le", "mise a jour"},
	freehold.RegisterInvoice:       {"invoice", "invoice no", "invoice number", "invoice id", "invoice reference", "last invoice", "rechnung", "rechnungsnummer", "rechnungsnr", "rechnung nr", "letzte rechnung", "facture", "numero de facture", "no facture", "n facture", "reference facture", "derniere facture"},
	freehold.RegisterPayment:       {"payment", "payment id", "payment reference", "transaction", "transaction id", "last payment", "zahlung", "zahlungsreferenz", "transaktion", "letzte zahlung", "paiement", "reference du paiement", "reference de paiement", "dernier paiement"},
	freehold.RegisterAmount:        {"amount", "total", "invoice amount", "paid amount", "sum", "betrag", "rechnungsbetrag", "summe", "montant", "montant total", "montant ttc"},
	freehold.RegisterDay:           {"date", "day", "invoice date", "payment date", "paid on", "paid at", "booking date", "value date", "datum", "rechnungsdatum", "zahlungsdatum", "buchungsdatum", "valuta", "bezahlt am", "date de facture", "date de paiement", "date du paiement", "paye le"},
}

// fieldOf returns the field a heading is known for.
func fieldOf(normalised string) (freehold.ListingField, bool) {
	for _, f := range freehold.RegisterFields {
		if slices.Contains(knownWords[f], normalised) {
			return f, true
		}
	}
	return "", false
}
