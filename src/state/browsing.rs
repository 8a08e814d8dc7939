//! From a datastore's backups into their files, and back.

use super::State;
use super::page::Page;
use crate::domain::file_list::FileKind;
use crate::domain::ids::{BackupId, DatastoreId, RequestId};
use crate::message::effect::Effect;
use crate::message::event::Reply;

impl State {
    /// Opens the files of a backup in a folder.
    pub fn open_files(&mut self, datastore: &DatastoreId, backup: &BackupId, folder: &str) -> Vec<Effect> {
        let asked = self.ask_files(datastore, backup, folder, true);
        let mut effects = self.open(Page::Files(datastore.clone(), backup.clone()));
        effects.push(asked);
        effects
    }

    /// Asks for the files of a backup in a folder; what was read until now is given up.
    pub(super) fn ask_files(
        &mut self,
        of: &DatastoreId,
        backup: &BackupId,
        folder: &str,
        afresh: bool,
    ) -> Effect {
        let request = self.next_request();
        self.found.give_up();
        self.files.begin((of.clone(), backup.clone()), folder, afresh, request, self.now);
        Effect::Files(request, of.clone(), backup.clone(), folder.to_owned())
    }

    /// Looks for files in all backups of a datastore.
    pub fn find_files(&mut self, datastore: &DatastoreId, typed: String) -> Vec<Effect> {
        let request = self.next_request();
        self.found.begin(datastore.clone(), typed.clone(), request, self.now);
        let mut effects = self.open(Page::Found(datastore.clone()));
        effects.push(Effect::FindFiles(request, datastore.clone(), typed));
        effects
    }

    /// Opens the selected file: a folder is gone into, of another all that is known is shown.
    pub(super) fn open_file(&mut self) -> Vec<Effect> {
        match self.nav.page().clone() {
            Page::Files(..) => match self.files.selected() {
                Some(row) if row.kind == FileKind::Folder => {
                    let folder = row.path.clone();
                    self.go_to_folder(&folder)
                }
                _ => self.inspect(),
            },
            Page::Found(datastore) => {
                let Some(it) = self.found.selected() else { return Vec::new() };
                let (backup, path) = (it.backup.clone(), it.file.path.clone());
                let folder = path.rsplit_once('/').map(|(above, _)| above).unwrap_or_default();
                let effects = self.open_files(&datastore, &backup, folder);
                self.files.wanted = Some(path);
                effects
            }
            _ => Vec::new(),
        }
    }

    fn go_to_folder(&mut self, folder: &str) -> Vec<Effect> {
        let Some(asked) = self.files.enter(folder) else { return Vec::new() };
        let Page::Files(datastore, backup) = self.nav.page().clone() else { return Vec::new() };
        let effect = self.ask_files(&datastore, &backup, &asked, false);
        self.settle();
        vec![effect]
    }

    /// Goes up a folder, where one did not come in at the shown one.
    pub(super) fn up(&mut self) -> Option<Vec<Effect>> {
        let Page::Files(..) = self.nav.page() else { return None };
        let above = self.files.above()?;
        Some(self.go_to_folder(&above))
    }

    /// Takes an answer that is about files; gives back those that are not.
    pub fn browsed(&mut self, request: RequestId, reply: Reply) -> Result<(), Reply> {
        match reply {
            Reply::Files(list) => {
                self.files.answered(request, Ok(*list));
            }
            Reply::FoundFiles { found, done } => {
                self.found.answered(request, Ok((*found, done)));
            }
            Reply::Failed(failure) if self.files.answered(request, Err(failure.clone())) => {}
            Reply::Failed(failure) if self.found.answered(request, Err(failure.clone())) => {}
            other => return Err(other),
        }
        Ok(())
    }
}
