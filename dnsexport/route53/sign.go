package route53

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Keys prove who asks. Token belongs to keys that were lent for a time.
type Keys struct {
	ID, Secret, Token string
}

// scope: Route 53 is signed for in one region, wherever the caller is.
const scope = "us-east-1/route53/aws4_request"

// sign signs a request by Signature Version 4 of AWS: an HMAC, with a key derived
// from the day and the service, over a canonical form of the request.
func (k Keys) sign(r *http.Request, body []byte, at time.Time, scope string) {
	stamp := at.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", stamp)
	if k.Token != "" {
		r.Header.Set("X-Amz-Security-Token", k.Token)
	}
	names, canonical := canonicalRequest(r, body)
	credential := stamp[:8] + "/" + scope
	toSign := "AWS4-HMAC-SHA256\n" + stamp + "\n" + credential + "\n" + digest([]byte(canonical))
	key := []byte("AWS4" + k.Secret)
	for _, part := range append([]string{stamp[:8]}, strings.Split(scope, "/")...) {
		key = mac(key, part)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.ID+"/"+credential+", SignedHeaders="+names+", Signature="+hex.EncodeToString(mac(key, toSign)))
}

// canonicalRequest writes method, path, sorted query, signed headers and the
// body's digest, each on its line.
func canonicalRequest(r *http.Request, body []byte) (names, canonical string) {
	query := r.URL.Query()
	var params []string
	for key, values := range query {
		for _, v := range values {
			params = append(params, escape(key)+"="+escape(v))
		}
	}
	slices.Sort(params)
	signed := []string{"host", "x-amz-date"}
	if r.Header.Get("X-Amz-Security-Token") != "" {
		signed = append(signed, "x-amz-security-token")
	}
	var headers strings.Builder
	for _, name := range signed {
		v := r.Header.Get(name)
		if name == "host" {
			v = r.URL.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(v) + "\n")
	}
	names = strings.Join(signed, ";")
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	return names, strings.Join([]string{r.Method, path, strings.Join(params, "&"), headers.String(), names, digest(body)}, "\n")
}

// escape leaves letters, digits and -._~ as they are; a space is %20.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
