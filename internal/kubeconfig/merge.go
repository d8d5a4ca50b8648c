package kubeconfig

import (
	"slices"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Change is what Merge or Remove did to the user's kubeconfig.
type Change struct {
	// Path is the file that holds, or held, the entries.
	Path string
	// Context is their name.
	Context string
	// Changed is false when everything was as wanted already.
	Changed bool
	// Previous is the current context before, Current the one after.
	Previous, Current string
}

// Check reads the kubeconfig that Merge would change. What is wrong with it is
// better known before there is a cluster.
func Check(explicit string) error {
	f, err := find(explicit)
	if err != nil {
		return err
	}
	_, err = f.load()
	return err
}

// Merge puts the three entries into the kubeconfig that kubectl would write
// to, and selects their context. An entry that is in one of the files already
// is replaced there. explicit, if not empty, is the only file to consider.
func Merge(explicit string, e Entry) (Change, error) {
	f, err := find(explicit)
	if err != nil {
		return Change{}, err
	}
	unlock, err := f.lock()
	if err != nil {
		return Change{}, err
	}
	defer unlock()
	configs, err := f.load()
	if err != nil {
		return Change{}, err
	}
	name := Context(e.Cluster)
	change := Change{Path: f.fresh, Context: name, Previous: f.current(configs), Current: name}
	for _, path := range f.paths {
		if has(configs[path], name) {
			change.Path = path
			break
		}
	}
	dirty := map[string]bool{change.Path: e.put(configs[change.Path])}
	if change.Previous != name {
		// The first file that selects a context wins.
		selected := f.fresh
		for _, path := range f.paths {
			if configs[path].CurrentContext != "" {
				selected = path
				break
			}
		}
		configs[selected].CurrentContext = name
		dirty[selected] = true
	}
	change.Changed, err = f.store(configs, dirty)
	return change, err
}

// Remove deletes a cluster's three entries from every file that has them, and
// unselects its context; nothing else is touched.
func Remove(explicit, cluster string) (Change, error) {
	f, err := find(explicit)
	if err != nil {
		return Change{}, err
	}
	name := Context(cluster)
	configs, err := f.load()
	if err != nil {
		return Change{}, err
	}
	if !slices.ContainsFunc(f.paths, func(p string) bool { return mentions(configs[p], name) }) {
		return Change{Path: f.fresh, Context: name, Previous: f.current(configs), Current: f.current(configs)}, nil
	}
	unlock, err := f.lock()
	if err != nil {
		return Change{}, err
	}
	defer unlock()
	if configs, err = f.load(); err != nil {
		return Change{}, err
	}
	change := Change{Path: f.fresh, Context: name, Previous: f.current(configs)}
	dirty := map[string]bool{}
	for _, path := range slices.Backward(f.paths) {
		config := configs[path]
		if !mentions(config, name) {
			continue
		}
		change.Path, dirty[path] = path, true
		drop(config, name)
		if config.CurrentContext == name {
			config.CurrentContext = ""
		}
	}
	change.Current = f.current(configs)
	change.Changed, err = f.store(configs, dirty)
	return change, err
}

func (f files) load() (map[string]*clientcmdapi.Config, error) {
	configs := map[string]*clientcmdapi.Config{}
	for _, path := range f.paths {
		config, err := load(path)
		if err != nil {
			return nil, err
		}
		configs[path] = config
	}
	return configs, nil
}

// store writes the files that changed, and reports whether there were any.
func (f files) store(configs map[string]*clientcmdapi.Config, dirty map[string]bool) (bool, error) {
	changed := false
	for _, path := range f.paths {
		if !dirty[path] {
			continue
		}
		if err := store(path, configs[path]); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

// has reports whether one of the three entries is in a file.
func has(config *clientcmdapi.Config, name string) bool {
	return config.Clusters[name] != nil || config.AuthInfos[name] != nil || config.Contexts[name] != nil
}

func mentions(config *clientcmdapi.Config, name string) bool {
	return has(config, name) || config.CurrentContext == name
}

func drop(config *clientcmdapi.Config, name string) bool {
	had := has(config, name)
	delete(config.Clusters, name)
	delete(config.AuthInfos, name)
	delete(config.Contexts, name)
	return had
}

// current is the context that kubectl would use: the first that is selected.
func (f files) current(configs map[string]*clientcmdapi.Config) string {
	for _, path := range f.paths {
		if name := configs[path].CurrentContext; name != "" {
			return name
		}
	}
	return ""
}
