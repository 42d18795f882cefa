package whois

import (
	"strings"
)

// The words of the registries. Phrases are compared with a whole line in lower
// case, without marks around it; only sentences seen in real answers, or
// documented by a registry, are here.

func phrases(list ...string) []*pattern {
	out := make([]*pattern, len(list))
	for i, s := range list {
		out[i] = compiled(`^(?:` + s + `)$`)
	}
	return out
}

// throttledPhrases say: too many questions.
var throttledPhrases = phrases(
	`too many (?:requests|connections|queries).*`,
	`.*\bquota(?: of queries)?\b.{0,40}\bexceeded.*`,
	`.*\bexceeded (?:(?:your|the|its) )?(?:(?:allowed|established|query|whois|daily|hourly) )*(?:quota|limit)s?\b.*`,
	`.*\b(?:whois|request|query|rate|connection|lookup)[ -]limits? (?:was |has been )?(?:exceeded|reached).*`,
	`maximum query rate (?:reached|exceeded).*`, // .lu
	`.*\bhas reached (?:its |the )?(?:rate|query) limit.*`,
	`(?:error:? ?)?rate ?limit (?:exceeded|reached).*`,
	`.*\bserver (?:is )?too busy\b.*`,
	`.*\bonly \d+ (?:requests?|quer(?:y|ies)) per (?:second|minute|hour|day) allowed.*`,
	`maximum (?:number of )?(?:queries|requests) per (?:second|minute|hour|day) (?:reached|exceeded).*`,
	`number of allowed (?:queries|requests) exceeded.*`,
	`excessive quer(?:ying|ies), .*`,
	`.*\baccess control limit (?:reached|exceeded).*`,
	`.*\bstill in grace period, wait \d+.*`,
	`please go away for \d+.*`,
	`(?:please )?(?:try|query) again (?:later|after \d+.*|in \d+.*)`,
	`440 request denied.*`, // .nz
	`-?\d+: too many .*`,
)

// refusedPhrases say: not you, or not here.
var refusedPhrases = phrases(
	`requests of this client are not permitted.*`,
	`(?:error:? ?)?(?:\d+ )?(?:access|permission) (?:to .* )?(?:is |was |has been )?denied.*`,
	`(?:your )?(?:query|request|connection) (?:is |was |has been )?(?:refused|rejected|denied).*`,
	`(?:your|this) (?:ip|ip address|address|host|client) .{0,60}(?:blocked|banned|blacklisted|not (?:allowed|permitted|authori[sz]ed)).*`,
	`the ip address used to perform the query is not authori[sz]ed.*`,
	`you (?:are|have been) (?:temporarily |permanently )?(?:blocked|banned|blacklisted).*`,
	`you are not (?:allowed|permitted|authori[sz]ed) to (?:query|access|use) this (?:server|service)`,
	`this whois (?:server|service) is being retired.*`,
	`.*\b(?:whois|port 43) (?:service )?(?:has been|is|was) (?:retired|discontinued|decommissioned|switched off|shut down|no longer available).*`,
)

// downPhrases say: not now.
var downPhrases = phrases(
	`.*\b(?:service|server|database|system) (?:is )?(?:currently |temporarily )(?:unavailable|not available|down|overloaded).*`,
	`.*\b(?:down|unavailable) for maintenance.*`,
	`internal (?:server )?error.*`,
	`timeout(?: .*)?`,
)

// reservedPhrases say: neither registered nor to be had.
var reservedPhrases = phrases(
	`reserved by .{1,60}`,
	`(?:this |the )?(?:domain )?name is (?:registry )?reserved(?: by .*)?`,
	`(?:this |the )?(?:domain )?name is restricted from registration`,
	`restricted - restricted domain name`,
	`(?:this |the )?(?:domain(?: name)?|name) (?:is )?not available(?: for registration)?:?`,
	`not available for (?:second level )?registration`,
	`domain is not available or is reserved by the registry`,
	`(?:sorry, )?the domain you requested is (?:in the reserved list|prohibited)`,
	`this domain cannot be registered because .*`,
	`application pending - .*`,
	`status: not allowed`,
)

// freePhrases say: not registered.
var freePhrases = phrases(
	`(?:error:? ?(?:\d+:)? ?)?no entries found(?: (?:for|in|matching) .*)?`,
	`(?:error \d+ )?no objects? found`,
	`(?:the )?no data found`,
	`no found`,
	`(?:unfortunately, )?no results were found`,
	`no records matching \S+ found`,
	`no domain records were found to match \S+`,
	`no such domain:?(?: \S+)?`,
	`no match(?: found)?(?:(?: for)?:?(?: domain)?:? \S+)?`,
	`no match for`,
	`\S+ (?:- )?no match`,
	`nincs tal[aá]lat ?/ ?no match`,
	`no matching (?:record|domain name|objects?|entries)(?: found)?`,
	`no information available about domain name \S+ in the registry .*`,
	`\S+ is (?:free|available)`,
	`available`,
	`domain \S+ is available for registration`,
	`(?:domain |object )?not found`,
	`not found: ?\S+`,
	`(?:object |domain )?"?[^" ]+\.[^" ]+"? not found`,
	`(?:the )?(?:requested )?domain(?: name)?(?:: "\S+",| \S+)? (?:is |was |has )?not (?:been )?(?:found|registered)(?: (?:in|here).*)?`,
	`this domain(?: name)? has not been registered`,
	`error: ?\d+: domain is not registered`,
	`(?:above|the) domain name is not registered(?: to .*)?`,
	`sorry, but domain: \S+ not found in database`,
	`we do not have an entry in our database matching your query`,
	`(?:the queried )?object does not exist(?:: .*)?`,
	`domain(?: name)? \S+ does not exist(?: in database)?`,
	`nothing found(?: for this query)?`,
	`not registered - the domain you have requested \(\S+\) is not a registered \S+ domain name`,
	`key not found`,
	`you queried for \S+ but this server does not have`,
	`there is no information available on the domain consulted`,
	`\S+: no existe`,
)

// freeStatuses and reservedStatuses are values of a status line.
var (
	freeStatuses     = []string{"available", "free", "not registered", "no object found", "220 available"}
	reservedStatuses = []string{"not allowed", "unassignable", "unavailable", "reserved", "blocked", "prohibited", "invalid", "quarantine", "withdrawn", "restricted"}
	// takenWords say no more than that the name is registered: they are no status
	// of RFC 5731, and that no lock stands beside them does not mean there is none.
	takenWords = set(`active`, `registered`, `connect`, `not available`, `taken`, `delegated`, `published`, `registered until expiry date`,
		`200 active`, `no registration status listed`, `ok, no deletion`, `paid`)
)

// eppWords are the statuses of RFC 5731 section 2.3 and RFC 3915 section 3.1, and
// the forms of RFC 8056 that do not say who set them. Where not one of them
// stands, the registry does not speak of locks.
var eppWords = set(`ok`, `inactive`, `linked`, `locked`,
	`clientDeleteProhibited`, `clientHold`, `clientRenewProhibited`, `clientTransferProhibited`, `clientUpdateProhibited`,
	`serverDeleteProhibited`, `serverHold`, `serverRenewProhibited`, `serverTransferProhibited`, `serverUpdateProhibited`,
	`pendingCreate`, `pendingDelete`, `pendingRenew`, `pendingRestore`, `pendingTransfer`, `pendingUpdate`,
	`addPeriod`, `autoRenewPeriod`, `renewPeriod`, `transferPeriod`, `redemptionPeriod`,
	`deleteProhibited`, `renewProhibited`, `transferProhibited`, `updateProhibited`)

// domainKeys name the domain that an answer is about.
var domainKeys = set(`domain`, `domain name`, `domainname`, `domain_name`, `domain-name`, `nom de domaine`)

var statusKeys = set(`domain status`, `status`, `state`, `eppstatus`, `domaintype`, `query_status`, `domain_status`)

// Keys of a registration, the best first. A key is in lower case, as normalKey
// writes it.
var (
	registrarKeys = []string{`registrar`, `sponsoring registrar`, `registrar name`, `registrar-name`, `registrar_name`, `registrar organization`}
	ianaKeys      = []string{`registrar iana id`, `sponsoring registrar iana id`}
	urlKeys       = []string{`registrar url`, `referral url`, `registrar-url`, `registrar_url`}
	phoneKeys     = []string{`registrar abuse contact phone`, `registrar-phone`, `registrar_phone`}
	mailKeys      = []string{`registrar abuse contact email`, `registrar-email`, `registrar_email`}
	resellerKeys  = []string{`reseller`, `reseller name`}

	nameKeys    = []string{`registrant name`, `registrant`, `owner name`, `holder`, `person-name`, `registrant contact name`}
	orgKeys     = []string{`registrant organization`, `registrant organisation`, `registrant contact organisation`}
	emailKeys   = []string{`registrant email`, `registrant e-mail`, `owner email`, `registrant contact email`}
	countryKeys = []string{`registrant country code`, `registrant country/economy`, `registrant country`, `owner country code`, `org-country`, `person-country`, `registrant contact country`}

	createdKeys = []string{`creation date`, `created date`, `created on`, `created`, `registered on`, `registered`, `registration date`, `registration time`,
		`domain registration date`, `domain create date`, `domain_dateregistered`, `record created`, `registration`, `domain record activated`, `created at`}
	expiresKeys = []string{`registry expiry date`, `registry expiration date`, `expiry date`, `expiration date`, `expiration time`, `expires on`, `expires`, `expire date`,
		`expire`, `expiry`, `renewal date`, `renewal`, `paid-till`, `domain expiration date`, `domain expires`, `validity`, `domain_datebilleduntil`}
	registrarExpiresKeys = []string{`registrar registration expiration date`}
	changedKeys          = []string{`updated date`, `last update`, `last updated`, `last updated on`, `updated on`, `last modified`, `last-update`, `modified`, `changed`,
		`domain last updated date`, `domain record last updated`, `domain_datelastmodified`, `modification date`, `updated`}
	transferredKeys = []string{`transferred`, `last transfer date`, `last transferred date`, `transfer date`, `domain last transferred date`}

	dateKeys = func() map[string]bool {
		m := map[string]bool{}
		for _, list := range [][]string{createdKeys, expiresKeys, registrarExpiresKeys, changedKeys, transferredKeys} {
			for _, k := range list {
				m[k] = true
			}
		}
		return m
	}()

	dnssecKeys = set(`dnssec`, `domain_signed`, `signed`)
	// signedKeys exist only where there is a DS.
	signedKeys = compiled(`^(?:dsl-id|key1-tag|ds-rdata|ds-data|dnskey|ds data|ds record|ds key tag ?\d*|keytag)$`)
)

var (
	nameserverKey   = compiled(`^(?:(?:domain )?name ?servers?|nserver|hostname|ns_name|ns)(?:[ _]?\d{1,2})?$`)
	nameserverWords = compiled(`^(?:domain )?name ?servers?(?: information| in listed order)?$`)
	// contactWords are headings under which the holder or another person wrote.
	contactWords = compiled(`^(?:contact\b.*|registrant.*|holder.*|titular.*|owner.*|(?:admin|tech|technical|billing|zone|onsite|on-site|registrar technical|administrative)\b.*|administrator|tech-c|admin-c|zone-c)$`)
	// holderWords are the headings of the holder alone.
	holderWords = compiled(`^(?:registrant|registrant contact|holder|holder of domain name|titular|owner|domain holder)$`)
)

// headings and belowHeading make a heading of a line that is followed by keys at
// its own indent: "Registrant" and "Name: …" below it.
var (
	headings = set(`domain`, `registrant`, `registrar`, `nameservers`, `name servers`, `administrator`, `administrative contact`, `technical contact`,
		`admin contact`, `billing contact`, `holder`, `tech contact`)
	belowHeading = set(`name`, `handle`, `hostname`, `nserver`, `organization`, `organisation`, `email`, `url`, `contactid`, `phone`)
)

// knownKeys are all keys that are read, and those of the contacts that are not:
// what stands behind them is no word of the server's.
var knownKeys = func() map[string]bool {
	m := map[string]bool{}
	for _, list := range [][]string{registrarKeys, ianaKeys, urlKeys, phoneKeys, mailKeys, resellerKeys, nameKeys, orgKeys, emailKeys, countryKeys,
		createdKeys, expiresKeys, registrarExpiresKeys, changedKeys, transferredKeys,
		strings.Fields(`descr remarks address street city person role contact org-name org-address adm-name tec-name organisation organization name e-mail email phone fax nic-hdl`)} {
		for _, k := range list {
			m[k] = true
		}
	}
	for _, keys := range []map[string]bool{domainKeys, statusKeys, dnssecKeys} {
		for k := range keys {
			m[k] = true
		}
	}
	for _, who := range []string{"registrant", "admin", "tech", "billing", "administrative contact", "technical contact", "billing contact", "owner"} {
		for _, what := range []string{"name", "organization", "street", "street1", "street2", "street3", "address", "address1", "address2", "city", "state/province", "postal code", "email"} {
			m[who+" "+what] = true
		}
	}
	return m
}()

// dataKeys are those that only a registration has.
var dataKeys = func() map[string]bool {
	m := map[string]bool{}
	for _, list := range [][]string{registrarKeys, ianaKeys, orgKeys, emailKeys, createdKeys, expiresKeys, registrarExpiresKeys, {`nserver`, `name server`, `nameserver`, `nameservers`, `registrant name`, `holder`, `holder-c`, `nsl-id`}} {
		for _, k := range list {
			m[k] = true
		}
	}
	return m
}()

// hiddenPhrases stand in the place of a value that is there and not shown.
// Companies that stand in for a holder are no such phrase: they are the holder
// of record.
var hiddenPhrases = phrases(
	`redacted(?: (?:for|by|due|\||-) ?.*)?`,
	`.*\bgdpr (?:masked|redacted).*`,
	`gdpr masked.*`,
	`not (?:disclosed|shown|published|displayed|available from registry)\b.*`,
	`\(not shown\)|\*+n/a\*+|hidden|masked|confidential|withheld|unpublished|concealed`,
	`hidden upon user request`,
	`data (?:protected|redacted|not disclosed|hidden).*`,
	`(?:statutory|identity) (?:masking|protected).*`,
	`non-public data.*`,
	`private person`, // .ru, .ee
	`ano nymous`,     // .fr
	`personal data.{0,40}(?:not|can not|cannot).*`,
	`please (?:query|visit) .*`,
	`(?:select|use|see) .{0,60}(?:form|link|contact|rdds|whois) .*`,
	`<.*not disclosed.*>`,
	`visit .*`,
)

func hidden(v string) bool {
	s := strings.TrimRight(strings.Join(strings.Fields(strings.ToLower(v)), " "), ".! ")
	return matches(hiddenPhrases, s)
}

// empty tells what registries write for "nothing".
func empty(v string) bool {
	switch strings.ToLower(strings.Trim(v, " .-")) {
	case "", "none", "n/a", "na", "null", "no nameserver", "no nameservers", "no name servers", "not assigned":
		return true
	}
	return false
}

func set(words ...string) map[string]bool {
	m := map[string]bool{}
	for _, w := range words {
		m[w] = true
	}
	return m
}
