package build

// Hashes returns the hash of each addon of a tree, by name, without building
// any: what Addon.status.treeHash is once the tree is in force. That of an addon
// that nobody can read is "".
func Hashes(files map[string][]byte) map[string]string {
	t, hashes := scan(files, nil), map[string]string{}
	for _, name := range t.addons() {
		hashes[name] = t.hashOf(name)
	}
	return hashes
}

func (t tree) hashOf(addon string) (hash string) {
	defer func() {
		if recover() != nil {
			hash = ""
		}
	}()
	from, _ := t.inputs(addon) // what cannot be built has a hash, too
	return t.hash(from.directories())
}
