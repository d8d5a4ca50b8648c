package addons_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/images"
)

// names are the addons of the embedded tree.
func names(t *testing.T) []string {
	t.Helper()
	entries, err := fs.ReadDir(addons.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		if entry.Name() != "cluster" {
			list = append(list, entry.Name())
		}
	}
	return list
}

// build renders one addon; values, if any, replace the committed ones.
func build(t *testing.T, addon string, values map[string]string) string {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	err := fs.WalkDir(addons.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := addons.FS.ReadFile(name)
		if err == nil && name == addons.Values && values != nil {
			config := decode(t, data)
			config["data"] = values
			data, err = yaml.Marshal(config)
		}
		if err != nil {
			return err
		}
		return memory.WriteFile("/"+name, data)
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/"+addon)
	if err != nil {
		t.Fatal(err)
	}
	out, err := result.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var config map[string]any
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	return config
}

func defaults(t *testing.T) map[string]string {
	t.Helper()
	data, err := addons.FS.ReadFile(addons.Values)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for key, value := range decode(t, data)["data"].(map[string]any) {
		text, ok := value.(string)
		if !ok {
			t.Fatalf("%s is not a string: a ConfigMap holds nothing else", key)
		}
		values[key] = text
	}
	return values
}

func TestEachAddonRendersAsCommitted(t *testing.T) {
	for _, addon := range names(t) {
		t.Run(addon, func(t *testing.T) {
			got := build(t, addon, nil)
			golden.Check(t, filepath.Join("_testdata", addon+".yaml"), got)
			if strings.Contains(got, "cluster-values") {
				t.Error("the values object would reach the cluster")
			}
		})
	}
}

func TestEveryImageIsOneThatTheBundleHas(t *testing.T) {
	var known []string
	for _, image := range images.For(images.Newest(), "").All() {
		known = append(known, image.Ref)
	}
	for _, addon := range names(t) {
		for _, match := range regexp.MustCompile(`(?m)^\s*(?:- )?image: "?(\S+?)"?$`).FindAllStringSubmatch(build(t, addon, nil), -1) {
			if !slices.Contains(known, match[1]) {
				t.Errorf("%s uses %s, which internal/images does not know", addon, match[1])
			}
		}
	}
}

func TestEveryContainerUsesAnImageThatIsThere(t *testing.T) {
	for _, addon := range names(t) {
		text := build(t, addon, nil)
		if images, policies := strings.Count(text, " image: "), strings.Count(text, "imagePullPolicy: IfNotPresent"); images != policies {
			t.Errorf("%s has %d images and %d times imagePullPolicy: IfNotPresent", addon, images, policies)
		}
	}
}

func TestEveryValueArrives(t *testing.T) {
	// What no manifest of ours holds: the manager reads network_provider; the
	// others are for addons that users write.
	elsewhere := []string{"network_provider", "service_cidr"}
	before := map[string]string{}
	for _, addon := range names(t) {
		before[addon] = build(t, addon, nil)
	}
	for key := range defaults(t) {
		t.Run(key, func(t *testing.T) {
			values := defaults(t)
			news := "changed"
			if _, err := strconv.Atoi(values[key]); err == nil {
				news = "31337" // Some fields take numbers only.
			}
			values[key] = news
			arrived := false
			for _, addon := range names(t) {
				after := build(t, addon, values)
				arrived = arrived || after != before[addon] && strings.Contains(after, news)
			}
			if arrived == slices.Contains(elsewhere, key) {
				t.Errorf("arrived in a manifest: %v", arrived)
			}
		})
	}
}

func TestNoPlaceholderIsLeft(t *testing.T) {
	for _, addon := range names(t) {
		for _, line := range strings.Split(build(t, addon, nil), "\n") {
			for _, placeholder := range []string{"value: host", "value: port", "value: domain", "=mode", "=cidr", "=per-core", "=least", "=mtu", "value: log-host", "value: output.conf", "=interval", "=name", "image: addon-manager", `"cidr"`, "clusterIP: address"} {
				if strings.HasSuffix(strings.TrimSpace(strings.TrimSuffix(line, ",")), placeholder) {
					t.Errorf("%s: %s", addon, line)
				}
			}
		}
	}
}
