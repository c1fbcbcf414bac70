//! with-secrets PROGRAM [ARGUMENT...]: becomes PROGRAM, with secrets in its
//! environment. For each variable NAME_FILE that names a file below /run/secrets,
//! NAME becomes what the file holds, but for the end of its last line; a NAME that
//! is set already stays. For programs that read their secrets from variables alone;
//! it needs no shell.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

const FOLDER: &str = "/run/secrets/";
/// The kernel takes no longer string of a program's environment.
const LIMIT: u64 = 64 * 1024;

fn read(path: &str) -> Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LIMIT {
        return Err(Error::new(ErrorKind::InvalidData, "longer than 64 KiB"));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn become_program() -> Result<Error> {
    let mut words = std::env::args_os().skip(1);
    let name = words.next().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "with-secrets PROGRAM [ARGUMENT...]"))?;
    let mut program = Command::new(&name);
    program.args(words);
    let texts = std::env::vars_os().filter_map(|(key, path)| Some((key.into_string().ok()?, path.into_string().ok()?)));
    for (key, path) in texts {
        let Some(key) = key.strip_suffix("_FILE").filter(|key| !key.is_empty()) else { continue };
        if path.starts_with(FOLDER) && std::env::var_os(key).is_none() {
            program.env(key, read(&path).map_err(|error| Error::new(error.kind(), format!("{path}: {error}")))?);
        }
    }
    let error = program.exec();
    Ok(Error::new(error.kind(), format!("{}: {error}", name.to_string_lossy())))
}

fn main() -> ExitCode {
    let (Ok(error) | Err(error)) = become_program();
    eprintln!("with-secrets: {error}");
    ExitCode::FAILURE
}
