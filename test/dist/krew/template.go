package krew

import (
	"fmt"
	"regexp"
	"strings"
)

var digestAndURI = regexp.MustCompile(`(?m)^( +)sha256: .*\n +uri: (.*)$`)

// Template is the manifest as krew-release-bot wants it: the version is the tag's,
// and the bot looks up each archive's digest. archive names the URI of a platform
// for the version TAG.
func Template(p Plugin, platforms []string, archive func(platform, tag string) (uri, bin string)) ([]byte, error) {
	// In an URI, YAML would quote and wrap what has spaces.
	const tag, token = "{{ .TagName }}", "TAG"
	p.Version = tag
	var archives []Archive
	for _, platform := range platforms {
		uri, bin := archive(platform, token)
		archives = append(archives, Archive{Platform: platform, URI: uri, SHA256: "-", Bin: bin})
	}
	data, err := New(p, archives).Encode()
	if err != nil {
		return nil, err
	}
	text := digestAndURI.ReplaceAllStringFunc(string(data), func(lines string) string {
		m := digestAndURI.FindStringSubmatch(lines)
		return fmt.Sprintf("%s{{addURIAndSha %q .TagName }}", m[1], strings.ReplaceAll(m[2], token, tag))
	})
	// YAML would quote what begins with a brace; the bot wants it bare.
	text = strings.ReplaceAll(text, "'"+tag+"'", tag)
	return []byte("# For krew-release-bot: a template, and no YAML before it is filled in.\n# Written by `go test ./test/dist -update`.\n" + text), nil
}
