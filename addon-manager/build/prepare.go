package build

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// prepare makes what kustomize printed into what is applied.
func (s settings) prepare(addon string, data []byte, id resid.ResId) (object.Declared, error) {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		return object.Declared{}, fmt.Errorf("%s: %w", id, err)
	}
	file := origin(u)
	if err := sane(u, id); err != nil {
		return object.Declared{}, at(file, err)
	}
	options, err := s.options(u)
	if err != nil {
		return object.Declared{}, at(file, fmt.Errorf("%s: %w", object.RefOf(u), err))
	}
	labels := u.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[object.Label] = addon
	u.SetLabels(labels)
	unset(u.Object)
	final, err := json.Marshal(u.Object)
	if err != nil {
		return object.Declared{}, at(file, fmt.Errorf("encode %s: %w", object.RefOf(u), err))
	}
	hash, err := fingerprint(final, options)
	return object.Declared{
		Ref: object.RefOf(u), Version: u.GroupVersionKind().Version,
		Data: final, Hash: hash, File: file, Options: options,
	}, err
}

// fingerprint is that of everything that decides how an object is applied.
func fingerprint(data []byte, options object.Options) (string, error) {
	how, err := json.Marshal(options)
	if err != nil {
		return "", fmt.Errorf("encode options: %w", err)
	}
	sum := sha256.New()
	sum.Write(data)
	sum.Write(how)
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}

// unset drops what generators leave behind and only the server may write.
func unset(content map[string]any) {
	delete(content, "status")
	if meta, ok := content["metadata"].(map[string]any); ok {
		for _, field := range []string{"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation"} {
			delete(meta, field)
		}
	}
}

// sane refuses what the API server would refuse with less to go by.
func sane(u *unstructured.Unstructured, id resid.ResId) error {
	if u.GetName() == "" {
		return fmt.Errorf("%s has no metadata.name (generateName is not possible: the same object must be found again)", id)
	}
	if u.GetAPIVersion() == "" {
		return fmt.Errorf("%s %s has no apiVersion", u.GetKind(), u.GetName())
	}
	return nil
}

// at puts a file before an error that does not name it yet.
func at(file string, err error) error {
	if file == "" {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

const originAnnotation = "config.kubernetes.io/origin"

// origin takes the origin annotation off again and returns the file it names.
func origin(u *unstructured.Unstructured) string {
	annotations := u.GetAnnotations()
	note, ok := annotations[originAnnotation]
	if !ok {
		return ""
	}
	delete(annotations, originAnnotation)
	if len(annotations) == 0 {
		annotations = nil
	}
	u.SetAnnotations(annotations)
	var from struct {
		Path         string `json:"path"`
		ConfiguredIn string `json:"configuredIn"`
	}
	if yaml.Unmarshal([]byte(note), &from) != nil {
		return ""
	}
	file := strings.TrimPrefix(path.Join("/build", cmp.Or(from.Path, from.ConfiguredIn)), "/tree/")
	// What a Helm chart printed is kept below the kustomization; it comes from the chart's file.
	if _, template, ok := strings.Cut(file, "/"+inflated); ok {
		_, file, _ = strings.Cut(template, "/")
	}
	return file
}
