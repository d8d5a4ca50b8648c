package bootstrap

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"text/template"

	"turnup.dev/kubectl-turnup/bootstrap/files"
)

type kubeconfig struct {
	Cluster, Server, User, Token string
	CA, Cert, Key                []byte
}

func (r *renderer) kubeconfig(path string, uid int, data kubeconfig) {
	r.file(path, 0o600, uid, r.execute("kubeconfig.yaml", data))
}

// template adds a file of root's.
func (r *renderer) template(path string, mode int, name string, data any) {
	r.file(path, mode, 0, r.execute(name, data))
}

func (r *renderer) file(path string, mode, uid int, content []byte) {
	r.files = append(r.files, File{Path: path, Mode: mode, UID: uid, Content: content})
}

func (r *renderer) dir(path string, mode, uid int) {
	r.dirs = append(r.dirs, File{Path: path, Mode: mode, UID: uid})
}

func (r *renderer) execute(name string, data any) []byte {
	if r.err != nil {
		return nil
	}
	t, err := template.New(name).Option("missingkey=error").
		Funcs(template.FuncMap{"base64": base64.StdEncoding.EncodeToString}).
		ParseFS(files.FS, name)
	if err != nil {
		r.err = fmt.Errorf("parse %s: %w", name, err)
		return nil
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		r.err = fmt.Errorf("fill in %s: %w", name, err)
		return nil
	}
	return out.Bytes()
}
