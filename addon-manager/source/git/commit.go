package git

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// commit is a commit, its tag if one was followed, and what was signed of both.
type commit struct {
	hash    plumbing.Hash
	tree    plumbing.Hash
	parents []plumbing.Hash
	author  string
	message string
	when    time.Time
	signed  signed
	tag     *tag
}

type tag struct {
	name   string
	when   time.Time
	signed signed
}

// signed is a payload with the signature that somebody put to it.
type signed struct {
	payload, signature []byte
	// fault is why the signature cannot count, whatever it is.
	fault error
}

// commit finds the commit behind what was fetched: a commit or an annotated tag.
func (o objects) commit(want plumbing.Hash) (*commit, error) {
	var outermost *tag
	for range 8 {
		found, ok := o[want]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s is not in what the server sent", want)
		case found.kind == plumbing.CommitObject:
			c, err := o.decode(want)
			if err != nil {
				return nil, fmt.Errorf("commit %s: %w", want, err)
			}
			c.tag = outermost
			return c, nil
		case found.kind != plumbing.TagObject:
			return nil, fmt.Errorf("%s is a %s, not a commit", want, found.kind)
		}
		encoded, err := o.encoded(want, plumbing.TagObject)
		if err != nil {
			return nil, err
		}
		var decoded gitobject.Tag
		if err := decoded.Decode(encoded); err != nil {
			return nil, fmt.Errorf("tag %s: %w", want, err)
		}
		t := &tag{name: decoded.Name, when: decoded.Tagger.When, signed: splitTag(found.data)}
		// Only a tag that names the commit itself can vouch for it.
		if !bytes.HasPrefix(found.data, []byte("object "+decoded.Target.String()+"\ntype commit\ntag "+decoded.Name+"\n")) {
			t.signed = signed{}
		}
		if outermost == nil || decoded.TargetType == plumbing.CommitObject {
			outermost = t
		}
		want = decoded.Target
	}
	return nil, errors.New("the tag leads to a tag, and so on")
}

func (o objects) decode(hash plumbing.Hash) (*commit, error) {
	encoded, err := o.encoded(hash, plumbing.CommitObject)
	if err != nil {
		return nil, err
	}
	var decoded gitobject.Commit
	if err := decoded.Decode(encoded); err != nil {
		return nil, err
	}
	raw := o[hash].data
	// go-git takes what it finds anywhere; what counts is what the signature covers.
	if !bytes.HasPrefix(raw, []byte("tree "+decoded.TreeHash.String()+"\n")) {
		return nil, errors.New("it does not begin with its tree")
	}
	return &commit{
		hash: hash, tree: decoded.TreeHash, parents: decoded.ParentHashes,
		author:  readable(decoded.Author.Name + " <" + decoded.Author.Email + ">"),
		message: cut(readable(decoded.Message)), when: decoded.Committer.When, signed: splitCommit(raw),
	}, nil
}

// splitCommit takes the signature out of a commit's header, as git does before it
// verifies: every other byte stays as it was signed.
func splitCommit(raw []byte) signed {
	var s signed
	inside, count := false, 0
	rest := raw
	for len(rest) > 0 {
		_, next, _ := bytes.Cut(rest, []byte("\n"))
		line := rest[:len(rest)-len(next)]
		switch {
		case len(bytes.TrimSuffix(line, []byte("\n"))) == 0:
			// The message begins.
			s.payload = append(s.payload, rest...)
			next, inside = nil, false
		case inside && line[0] == ' ':
			s.signature = append(s.signature, line[1:]...)
		case bytes.HasPrefix(line, []byte("gpgsig ")):
			inside = true
			count++
			s.signature = append(s.signature, line[len("gpgsig "):]...)
		case bytes.HasPrefix(line, []byte("gpgsig-sha256 ")):
			// It signs the other form of the commit, without this header.
			s.fault = errors.New("it has a signature of its SHA-256 form, which is not supported")
		default:
			inside = false
			s.payload = append(s.payload, line...)
		}
		rest = next
	}
	if count > 1 {
		s.fault = fmt.Errorf("it has %d signatures", count)
	}
	return s
}

// splitTag takes the signature off the end of a tag.
func splitTag(raw []byte) signed {
	for _, begin := range []string{"-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----"} {
		if at := bytes.Index(raw, []byte("\n"+begin)); at >= 0 {
			return signed{payload: raw[:at+1], signature: raw[at+1:]}
		}
	}
	return signed{payload: raw}
}

// readable is text that an API server accepts.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// cut shortens a message in the middle: the subject is at its beginning, the trailers are at its end.
func cut(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage*3/4], "") + "\n[...]\n" + strings.ToValidUTF8(message[len(message)-maxMessage/4:], "")
}
