package git

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/knownhosts"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// tampered serves packs that went through a function.
func tampered(inner http.Handler, change func(http.ResponseWriter, []byte)) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			inner.ServeHTTP(answer, request)
			return
		}
		recorder := httptest.NewRecorder()
		inner.ServeHTTP(recorder, request)
		answer.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
		change(answer, recorder.Body.Bytes())
	})
}

func TestABadServerIsSurvivedAndNamed(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	want := u.commit("first", map[string]string{"addons/a.yaml": strings.Repeat("some text\n", 5000), "addons/b.yaml": "x"})
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	fail := func(code int) http.Handler {
		return http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			http.Error(answer, strings.Repeat("<html>", 1<<20), code)
		})
	}
	for what, test := range map[string]struct {
		handler http.Handler
		words   []string
	}{
		"500": {fail(500), []string{"500 Internal Server Error"}},
		"403": {fail(403), []string{"403", "right to read"}},
		"404": {fail(404), []string{"no such repository", "spec.git.url"}},
		"a web page": {http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(answer, "<html>Welcome</html>")
		}), []string{"read git repository"}},
		"refs without an end": {http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			line := "003d" + strings.Repeat("a", 40) + " refs/heads/12345\n"
			_, _ = io.WriteString(answer, "001e# service=git-upload-pack\n0000"+"0045"+strings.Repeat("a", 40)+" refs/heads/x\x00ofs-delta!\n")
			for block := []byte(strings.Repeat(line, 1000)); ; {
				if _, err := answer.Write(block); err != nil {
					return
				}
			}
		}), []string{"read git repository"}},
		"silence": {http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
			select {
			case <-never:
			case <-request.Context().Done():
			}
		}), []string{"silent", "network"}},
		"silence within the pack": {tampered(u.backend(), func(answer http.ResponseWriter, body []byte) {
			_, _ = answer.Write(body[:len(body)/2])
			answer.(http.Flusher).Flush()
			select {
			case <-never:
			case <-time.After(2 * time.Second):
			}
		}), []string{"silent"}},
		"a reset within the pack": {tampered(u.backend(), func(answer http.ResponseWriter, body []byte) {
			_, _ = answer.Write(body[:len(body)/2])
			answer.(http.Flusher).Flush()
			conn, _, _ := answer.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}), []string{"read git repository"}},
		"half a pack": {tampered(u.backend(), func(answer http.ResponseWriter, body []byte) {
			_, _ = answer.Write(body[:len(body)/2])
		}), []string{"broken"}},
		"a pack of another commit": {tampered(u.backend(), func(answer http.ResponseWriter, _ []byte) {
			other := newUpstream(t)
			other.commit("evil", manifest(6))
			from := open(t, api.GitSpec{URL: other.http().url()}, nil)
			request := []byte("0032want " + other.git("rev-parse", "HEAD") + "\n00000009done\n")
			response, err := http.Post(from.spec.URL+"/git-upload-pack", "application/x-git-upload-pack-request", bytes.NewReader(request))
			if err != nil {
				return
			}
			defer response.Body.Close()
			raw, _ := io.ReadAll(response.Body)
			shallow := "0034shallow " + want + "0000"
			_, _ = io.WriteString(answer, shallow+"0008NAK\n")
			_, pack, _ := bytes.Cut(raw, []byte("PACK"))
			pack = append([]byte("PACK"), pack...)
			for len(pack) > 0 {
				n := min(len(pack), 60000)
				_, _ = io.WriteString(answer, hex4(n+5)+"\x01")
				_, _ = answer.Write(pack[:n])
				pack = pack[n:]
			}
			_, _ = io.WriteString(answer, "0000")
		}), []string{want, "not in what the server sent"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := open(t, api.GitSpec{URL: serve(t, test.handler, httptest.NewServer).url()}, nil)
			if strings.Contains(what, "silence") {
				r.budget = 300 * time.Millisecond
			}
			if err := refuse(t, r, test.words...); len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes: %.200s", len(err.Error()), err)
			}
		})
	}
}

func hex4(n int) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[n>>12&15], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

func TestNoFlippedBitGetsIntoTheTree(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.commit("first", map[string]string{"addons/a.yaml": strings.Repeat("some text\n", 50)})
	u.commit("second", map[string]string{"addons/a.yaml": strings.Repeat("some text\n", 50) + "more", "addons/b.yaml": "x"})
	at := 0
	w := serve(t, tampered(u.backend(), func(answer http.ResponseWriter, body []byte) {
		begin := bytes.Index(body, []byte("PACK"))
		body[begin+at%(len(body)-begin-4)] ^= 1 << (at % 8)
		_, _ = answer.Write(body)
	}), httptest.NewServer)
	r := open(t, api.GitSpec{URL: w.url()}, nil)
	r.budget = 5 * time.Second
	for at = 0; at < 400; at += 13 {
		if tree, _, err := r.Poll(context.Background(), ""); err == nil {
			t.Errorf("with byte %d changed, %s was read", at, names(tree))
		}
	}
}

func TestAHangingSSHServerIsLeft(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	key, signer := keyPair(t, "")
	known := knownhosts.Line([]string{listener.Addr().String()}, signer.PublicKey())
	r := open(t, api.GitSpec{URL: "ssh://" + listener.Addr().String() + "/x"}, map[string]string{"identity": key, "known_hosts": known})
	r.budget = 200 * time.Millisecond
	refuse(t, r, "silent")
}

func TestAPanicOfTheDecoderIsAnError(t *testing.T) {
	t.Parallel()
	r := open(t, api.GitSpec{URL: "http://127.0.0.1:1/x"}, nil)
	r.remote = panicking{}
	refuse(t, r, "panic", "index out of range")
}

type panicking struct{}

func (panicking) open(ctx context.Context) (session, error) {
	var none []error
	return nil, none[cap(ctx.Done())]
}

func (panicking) idle() {}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e"))
	small := limits{pack: 1 << 16, unpacked: 1 << 16, objects: 100, bytes: 1 << 16, files: 100}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := unpack(bytes.NewReader(data), small)
		if err != nil {
			return
		}
		total := 0
		for _, object := range all {
			total += len(object.data)
		}
		if total > small.unpacked {
			t.Errorf("%d bytes came out", total)
		}
	})
}
