package report

import "freehold"

// registerField says what a field of the register is, in words.
func (p *printer) registerField(f freehold.ListingField) string {
	switch f {
	case freehold.RegisterCustomer:
		return p.say("customer")
	case freehold.RegisterPerson:
		return p.say("person")
	case freehold.RegisterOrganisation:
		return p.say("organisation")
	case freehold.RegisterCompany:
		return p.say("number in a company register")
	case freehold.RegisterHolder:
		return p.say("holder of the name")
	case freehold.RegisterMail:
		return p.say("mailbox")
	case freehold.RegisterPhone:
		return p.say("telephone")
	case freehold.RegisterPost:
		return p.say("postal address")
	case freehold.RegisterStreet, freehold.RegisterPostcode, freehold.RegisterCity, freehold.RegisterCountry:
		return p.say("part of the postal address")
	case freehold.RegisterBank:
		return p.say("account that payments came from")
	case freehold.RegisterRecovery:
		return p.say("recovery contact")
	case freehold.RegisterKey:
		return p.say("public key")
	case freehold.RegisterInvoice:
		return p.say("invoice")
	case freehold.RegisterPayment:
		return p.say("payment")
	case freehold.RegisterAmount:
		return p.say("amount")
	case freehold.RegisterDay:
		return p.say("day of the invoice or payment")
	case freehold.RegisterSince:
		return p.say("since when the contacts are on record")
	case freehold.RegisterMailSince, freehold.RegisterPhoneSince, freehold.RegisterPostSince, freehold.RegisterBankSince, freehold.RegisterRecoverySince:
		return p.say("since when a contact is on record")
	case freehold.RegisterChanged:
		return p.say("last change")
	}
	return string(f)
}
