// verify_log checks an exported ledger with Go's own transparency-log packages,
// golang.org/x/mod/sumdb/note and tlog: hashes, proofs and signatures are theirs to judge,
// only the reading of files is ours.
//
//	verify_log log VKEY CHECKPOINT ENTRIES [OLDER_CHECKPOINT]
//	verify_log proofs PROOFS
//
// It prints what it verified and exits 0, or says why not and exits 1.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const longestLine = 16 << 20

// checkpoint is what a signed note says of a log.
type checkpoint struct {
	origin string
	tree   tlog.Tree
}

// storage holds the tree's hashes where tlog wants them.
type storage []tlog.Hash

// ReadHashes returns the hashes at the given places.
func (s storage) ReadHashes(places []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(places))
	for i, place := range places {
		if place >= int64(len(s)) {
			return nil, fmt.Errorf("no hash at %d", place)
		}
		found[i] = s[place]
	}
	return found, nil
}

// open reads a checkpoint once its signature is found to be good.
func open(path string, verifier note.Verifier) (checkpoint, error) {
	message, err := os.ReadFile(path)
	if err != nil {
		return checkpoint{}, err
	}
	signed, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 {
		return checkpoint{}, errors.New("a checkpoint has three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return checkpoint{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpoint{}, err
	}
	return checkpoint{origin: lines[0], tree: tlog.Tree{N: size, Hash: root}}, nil
}

// load stores the hashes of all entries, one a line.
func load(path string) (storage, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), longestLine)
	var stored storage
	var size int64
	for ; lines.Scan(); size++ {
		hashes, err := tlog.StoredHashes(size, lines.Bytes(), stored)
		if err != nil {
			return nil, 0, err
		}
		stored = append(stored, hashes...)
	}
	return stored, size, lines.Err()
}

// starts tells whether the log starts with what the checkpoint signs.
func starts(stored storage, size int64, signed tlog.Tree) error {
	if size < signed.N {
		return fmt.Errorf("%d entries of %d", size, signed.N)
	}
	root, err := tlog.TreeHash(signed.N, stored)
	if err != nil {
		return err
	}
	if root != signed.Hash {
		return fmt.Errorf("root of %d is %s, signed is %s", signed.N, root, signed.Hash)
	}
	return nil
}

func verifyLog(vkey string, paths []string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	stored, size, err := load(paths[1])
	if err != nil {
		return err
	}
	var newest checkpoint
	for i, path := range append(paths[:1:1], paths[2:]...) {
		signed, err := open(path, verifier)
		if err != nil {
			return err
		}
		if err := starts(stored, size, signed.tree); err != nil {
			return err
		}
		if i == 0 {
			newest = signed
		} else if signed.tree.N > newest.tree.N || signed.origin != newest.origin {
			return fmt.Errorf("%s is not an older checkpoint of this log", path)
		}
	}
	if size != newest.tree.N {
		return fmt.Errorf("%d entries, %d signed", size, newest.tree.N)
	}
	fmt.Printf("%s %d %s\n", newest.origin, newest.tree.N, newest.tree.Hash)
	return nil
}

// proofs is what the other side claims to have proved.
type proofs struct {
	Inclusion []struct {
		Entry string
		Index int64
		Size  int64
		Root  tlog.Hash
		Proof tlog.RecordProof
	}
	Consistency []struct {
		OldSize int64     `json:"old_size"`
		OldRoot tlog.Hash `json:"old_root"`
		Size    int64
		Root    tlog.Hash
		Proof   tlog.TreeProof
	}
}

func verifyProofs(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var claimed proofs
	if err := json.Unmarshal(data, &claimed); err != nil {
		return err
	}
	for _, one := range claimed.Inclusion {
		leaf := tlog.RecordHash([]byte(one.Entry))
		if err := tlog.CheckRecord(one.Proof, one.Size, one.Root, one.Index, leaf); err != nil {
			return fmt.Errorf("entry %d of %d: %w", one.Index, one.Size, err)
		}
	}
	for _, one := range claimed.Consistency {
		err := tlog.CheckTree(one.Proof, one.Size, one.Root, one.OldSize, one.OldRoot)
		if err != nil {
			return fmt.Errorf("%d to %d: %w", one.OldSize, one.Size, err)
		}
	}
	fmt.Printf("%d %d\n", len(claimed.Inclusion), len(claimed.Consistency))
	return nil
}

func run(args []string) error {
	switch {
	case len(args) >= 4 && args[0] == "log":
		return verifyLog(args[1], args[2:])
	case len(args) == 2 && args[0] == "proofs":
		return verifyProofs(args[1])
	}
	return errors.New("usage: verify_log log VKEY CHECKPOINT ENTRIES [OLDER] | proofs PROOFS")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
