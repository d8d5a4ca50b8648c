package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// edited opens a file with these contents and sets a symbol in it.
func edited(t *testing.T, contents string) *File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(name, []byte(contents), 0o640); err != nil {
		t.Fatal(err)
	}
	file, err := Open(name, nil, Strict)
	if err != nil {
		t.Fatal(err)
	}
	if err := SetAll(file.Config, "provision.workers=7"); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSavingReplacesTheFileAndKeepsItsMode(t *testing.T) {
	file := edited(t, "{}")
	for _, want := range []bool{true, false} {
		if changed, err := file.Save(); err != nil || changed != want {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
	info, err := os.Stat(file.Name)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if c, err := Load(file.Name, nil); err != nil || c.Provision.Workers != 7 {
		t.Errorf("%+v, %v", c, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(file.Name)); len(files) != 1 {
		t.Errorf("something is left over: %v", files)
	}
}

func TestAFileThatSomebodyElseChangedIsNotOverwritten(t *testing.T) {
	cases := []struct {
		name   string
		change func(path string) error
	}{
		{"written", func(path string) error { return os.WriteFile(path, []byte(`{"cluster":{"name":"theirs"}}`), 0o600) }},
		{"removed", os.Remove},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			file := edited(t, "{}")
			if err := tc.change(file.Name); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(file.Name)
			if _, err := file.Save(); !errors.Is(err, ErrChanged) {
				t.Errorf("%v", err)
			}
			if after, _ := os.ReadFile(file.Name); string(after) != string(before) {
				t.Errorf("it is %s now", after)
			}
			beside, err := file.SaveBeside()
			if err != nil {
				t.Fatal(err)
			}
			if c, err := Load(beside, nil); err != nil || c.Provision.Workers != 7 {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("made", func(t *testing.T) {
		file, err := OpenOrNew(filepath.Join(t.TempDir(), "new.json"), nil, Strict)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file.Name, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Save(); !errors.Is(err, ErrChanged) {
			t.Errorf("%v", err)
		}
	})
}

func TestALinkStaysALink(t *testing.T) {
	file := edited(t, "{}")
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(file.Name, link); err != nil {
		t.Skip(err)
	}
	file.Name = link
	if _, err := file.Save(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestAPlaceWhereNothingCanBeWrittenIsSaid(t *testing.T) {
	file := edited(t, "{}")
	file.Name, file.exists = filepath.Join(file.Name, "below-a-file.json"), false
	if _, err := file.Save(); err == nil {
		t.Error("written")
	}
}

func TestAnErrorOfSavingNamesTheFileAndNotATemporaryOne(t *testing.T) {
	file := File{Document: Document{Config: New()}, Name: filepath.Join(t.TempDir(), "missing", "config.json")}
	_, err := file.Save()
	want := "write " + file.Name + ": no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestADirectoryIsNoFileToSaveInto(t *testing.T) {
	directory := t.TempDir()
	err := new(File).Into(directory)
	if want := "write config " + directory + ": it is a directory; name the file in it"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
