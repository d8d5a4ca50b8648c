package kubeconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// files are the kubeconfig files that kubectl would use: the one that was
// named, else those of $KUBECONFIG, else the one in the home directory.
type files struct {
	paths []string
	// fresh is where an entry goes that is in no file yet.
	fresh string
}

func find(explicit string) (files, error) {
	options := clientcmd.NewDefaultPathOptions()
	options.LoadingRules.ExplicitPath = explicit
	// clientcmd remembers the home directory the process started with.
	if home, err := os.UserHomeDir(); err == nil {
		options.GlobalFile = filepath.Join(home, clientcmd.RecommendedHomeDir, clientcmd.RecommendedFileName)
	}
	paths := slices.DeleteFunc(options.GetLoadingPrecedence(), func(p string) bool { return p == "" })
	if len(paths) == 0 {
		return files{}, ui.Hint(errors.New("find the kubeconfig: $KUBECONFIG names no file"), "unset KUBECONFIG, or use --kubeconfig")
	}
	fresh := options.GetDefaultFilename()
	if fresh == "" {
		fresh = paths[0]
	}
	return files{paths: paths, fresh: fresh}, nil
}

// lock takes the locks that kubectl takes before it writes: FILE.lock beside
// each file. Whoever holds one is done in milliseconds, so it is tried again.
func (f files) lock() (unlock func(), err error) {
	var held []string
	unlock = func() {
		for _, path := range held {
			_ = os.Remove(path) // nothing is left to do about it
		}
	}
	ordered := slices.Clone(f.paths)
	slices.Sort(ordered) // one order for all, or two writers block each other
	for _, path := range slices.Compact(ordered) {
		if err := lockOne(path+".lock", 3*time.Second); err != nil {
			unlock()
			return nil, err
		}
		held = append(held, path+".lock")
	}
	return unlock, nil
}

func lockOne(path string, patience time.Duration) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("lock the kubeconfig: %w", err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(25 * time.Millisecond) {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0)
		switch {
		case err == nil:
			return file.Close()
		case !errors.Is(err, fs.ErrExist):
			return fmt.Errorf("lock the kubeconfig: %w", err)
		case time.Now().After(deadline):
			return ui.Hint(fmt.Errorf("lock the kubeconfig: %s is there after %s of waiting", path, patience),
				"if no other kubectl is writing, remove %s", path)
		}
	}
}

// load reads one file; one that does not exist is empty.
func load(path string) (*clientcmdapi.Config, error) {
	config, err := clientcmd.LoadFromFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return clientcmdapi.NewConfig(), nil
	case err != nil:
		return nil, ui.Hint(fmt.Errorf("read kubeconfig %s: %w", path, err), "mend the file, or use --kubeconfig for another one")
	}
	return config, nil
}

// store replaces a file, readable for its owner only: it holds a key.
func store(path string, config *clientcmdapi.Config) error {
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode kubeconfig %s: %w", path, err)
	}
	return atomicfile.Write(path, data, 0o600)
}
