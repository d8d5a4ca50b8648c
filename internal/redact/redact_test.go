package redact

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestWhatLooksLikeASecretIsTakenOut(t *testing.T) {
	for text, want := range map[string]string{
		"joined with abcdef.0123456789abcdef now":        "joined with abcdef.<redacted> now",
		"clone https://me:hunter2@git.example.com/x.git": "clone https://<redacted>@git.example.com/x.git",
		"Authorization: Bearer abcdefghijk":              "Authorization: Bearer <redacted>",
		`"password": "hunter2", "user": "me"`:            `"password": <redacted>, "user": "me"`,
		"password=hunter2 user=me":                       "password=<redacted> user=me",
		"--db-password hunter2 --user me":                "--db-password <redacted> --user me",
		"aws_secret_access_key = abc/def+ghi":            "aws_secret_access_key = <redacted>",
		"    client-key-data: TFMwdExT":                  "    client-key-data: <redacted>",
		"    token: abc.def":                             "    token: <redacted>",
		"HCLOUD_TOKEN=abc123":                            "HCLOUD_TOKEN=<redacted>", "GITHUB_TOKEN: ghp_x": "GITHUB_TOKEN: <redacted>", "AWS_SESSION_TOKEN=a/b+c": "AWS_SESSION_TOKEN=<redacted>",
		"join --token abc --wait": "join --token <redacted> --wait", "https://ghp_abc@github.com/x": "https://<redacted>@github.com/x",
		"https://me:a/b@host/x": "https://me:<redacted>@host/x", "Cookie: a=b; c=d": "Cookie: <redacted>", "pwd=hunter2": "pwd=<redacted>",
		`{"auth":"dXNlcjpwdw=="}`: `{"auth":<redacted>}`, "certificate_key abcdef": "certificate_key <redacted>",
		`password: "two words" x`: `password: <redacted> x`, "authorization: token ghp_x": "authorization: token <redacted>",
		"id AKIAABCDEFGHIJKLMNOP":                                                       "id <redacted>",
		"jwt eyJhbGciOiJSUzI1.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl end":                        "jwt <redacted> end",
		"-----BEGIN EC PRIVATE KEY-----\nMHcC\nabc\n-----END EC PRIVATE KEY-----\nrest": "-----BEGIN EC PRIVATE KEY-----<redacted>-----END EC PRIVATE KEY-----\nrest",
		"-----BEGIN PRIVATE KEY-----\nMHcC":                                             "-----BEGIN PRIVATE KEY-----<redacted>",
	} {
		if got := string((&Redactor{}).Text([]byte(text))); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, text := range []string{
		"node demo-worker-0 is Ready, kubelet v1.37.1",
		"the bootstrap token has expired: kubectl turnup token rotate",
		"MountVolume.SetUp failed for volume \"kube-api-access-x7k2p\"",
		"pull ghcr.io/flannel-io/flannel@sha256:4dca0fd5f424a31b03ab807cbae77eb32bf2d089eed1cee154b3afed458de0dc",
		"sha256:4dca0fd5f424a31b03ab807cbae77eb32bf2d089eed1cee154b3afed458de0dc",
		"dial tcp 172.30.0.11:6443: connect: connection refused",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
	} {
		if got := string((&Redactor{}).Text([]byte(text))); got != text {
			t.Errorf("%q\n has become %q", text, got)
		}
	}
}

func TestAKnownSecretIsTakenOutWhereverItIs(t *testing.T) {
	var r Redactor
	r.Know("line-one-of-it\nline-two-of-it\n")
	r.Know("short")
	whole := base64.StdEncoding.EncodeToString([]byte("line-one-of-it\nline-two-of-it\n"))
	line := base64.StdEncoding.EncodeToString([]byte("line-two-of-it"))
	got := string(r.Text([]byte("x line-one-of-it y " + whole + " z " + line + " short")))
	if want := "x <redacted> y <redacted> z <redacted> short"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(got, "line") {
		t.Error("a part of it is left")
	}
}
