; An installer for `npm run check:windows`. What is released is made by the bundler of Tauri.
Unicode true
Target amd64-unicode
Name "Newsmux"
OutFile "${OUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Newsmux"
SetCompressor /SOLID lzma
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Newsmux"

Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Section
  SetOutPath "$INSTDIR"
  File "${PROGRAMS}/newsmux.exe"
  File "${PROGRAMS}/newsmuxd.exe"
  File "${PROGRAMS}/WebView2Loader.dll"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Newsmux.lnk" "$INSTDIR\newsmux.exe"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Newsmux"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
SectionEnd

Section Uninstall
  Delete "$INSTDIR\newsmux.exe"
  Delete "$INSTDIR\newsmuxd.exe"
  Delete "$INSTDIR\WebView2Loader.dll"
  Delete "$INSTDIR\uninstall.exe"
  Delete "$SMPROGRAMS\Newsmux.lnk"
  RMDir "$INSTDIR"
  DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd
